import CLinux
internal import Linux

/// Directories that steps of builds share from one build to the next: `cache/mounts/NAME`. Beside each is `NAME.use`, which
/// whoever has it mounted locks, shared, and perhaps `NAME.lock`, which a step that wants it alone locks.
extension Store {
    public var cacheMounts: [UInt8] { joined(path, Array("cache/mounts".utf8)) }

    /// The directories of a cache mount: one, or one for each build that had it for itself.
    ///
    /// - Parameter id: the digest of the mount's id.
    public func cacheMountNames(_ id: Digest) throws(StoreError) -> [String] {
        guard (try? root.fd.status("cache/mounts"))?.isDirectory == true else { return [] }
        return try names(in: "cache/mounts").map { String(decoding: $0, as: UTF8.self) }.filter { name in
            name == id.hex || name.hasPrefix("\(id.hex)-") && !name.contains(".")
        }
    }

    /// Removes the cache mounts that nobody uses.
    ///
    /// - Returns: their names, and the bytes of their files.
    /// - Throws: ``StoreError``.
    public func removeCacheMounts() throws(StoreError) -> (names: [String], bytes: Int64) {
        guard (try? root.fd.status("cache/mounts"))?.isDirectory == true else { return ([], 0) }
        var removed: (names: [String], bytes: Int64) = ([], 0)
        let all = try names(in: "cache/mounts").map { String(decoding: $0, as: UTF8.self) }
        for name in all where !name.contains(".") {
            guard let use = lock("\(name).use"), let lock = lock("\(name).lock") else { continue }
            let place = "cache/mounts/\(name)"
            removed.bytes += treeSize(place)
            // Renamed away first: a build never finds a half of it.
            let trash = "ingest/removed-\(UInt64.random(in: 0 ... .max))"
            try StoreError.naming("remove cache mount \(printable(name))") { () throws(Errno) in
                try root.fd.rename(place, to: root.fd, trash)
                for end in [".use", ".lock"] { try? root.fd.unlink(place + end) }
                try root.fd.removeTree(trash)
            }
            removed.names.append(name)
            withExtendedLifetime((use, lock)) {}
        }
        return removed
    }

    /// Removes what is remembered of the files of build contexts.
    ///
    /// - Returns: bytes of the files.
    public func removeFileDigests() -> Int64 {
        var bytes: Int64 = 0
        for end in ["", "-wal", "-shm"] {
            guard let status = try? root.fd.status("cache/files.db\(end)"), status.isRegular else { continue }
            guard (try? root.fd.unlink("cache/files.db\(end)")) != nil else { continue }
            bytes += Int64(clamping: status.size)
        }
        return bytes
    }

    private func lock(_ name: String) -> SharedFile? {
        guard let file = try? root.fd.open("cache/mounts/\(name)", [.readWrite, .create, .noFollow], mode: 0o600),
            cl_flock_exclusive(file.raw) >= 0
        else { return nil }
        return SharedFile(file)
    }

    private func treeSize(_ place: String) -> Int64 {
        guard let directory = try? root.fd.open(place, [.readOnly, .directory, .noFollow]) else { return 0 }
        return Self.treeSize(directory.fd, depth: 0)
    }

    /// Of files whose names can be reached; what is in the way counts nothing.
    private static func treeSize(_ directory: FD, depth: Int) -> Int64 {
        guard depth < 512 else { return 0 }
        var names: [[UInt8]] = []
        try? directory.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        var bytes: Int64 = 0
        for name in names {
            let key = OCI.path(name)
            guard let status = try? directory.status(key) else { continue }
            if status.isDirectory {
                guard let inner = try? directory.open(key, [.readOnly, .directory, .noFollow]) else { continue }
                bytes = bytes.addingReportingOverflow(treeSize(inner.fd, depth: depth + 1)).partialValue
            } else if status.isRegular {
                bytes = bytes.addingReportingOverflow(Int64(clamping: status.size)).partialValue
            }
        }
        return bytes
    }
}
