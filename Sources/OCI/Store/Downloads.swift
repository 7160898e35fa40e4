import CLinux
public import Linux

/// A file that was fetched from an address, and what its server calls this version of it.
public struct Download: Equatable, Sendable {
    public let digest: Digest
    /// `ETag`, as it came.
    public let tag: String?
    /// The file's name in `cache/downloads`.
    fileprivate let file: String

    fileprivate var record: [UInt8] {
        Array([digest.description, file, tag ?? ""].joined(separator: "\n").utf8)
    }

    fileprivate init?(record: [UInt8]) {
        let lines = String(decoding: record, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, let digest = try? Digest(lines[0]), !lines[1].isEmpty,
            lines[1].allSatisfy({ $0.isHexDigit || $0 == "-" })
        else { return nil }
        self.digest = digest
        file = String(lines[1])
        tag = lines[2].isEmpty ? nil : String(lines[2])
    }

    fileprivate init(digest: Digest, tag: String?, file: String) {
        self.digest = digest
        self.tag = tag
        self.file = file
    }
}

/// What builds fetched, so that a server need only say that it is still the same: `cache/downloads/KEY` is a record, which names the file
/// beside it. Both are whole, whoever is killed; what does not fit together is fetched again.
extension Store {
    private static let downloads = "cache/downloads"

    /// - Parameter key: the digest of the address.
    /// - Returns: nil for what is not remembered.
    public func download(_ key: Digest) -> Download? {
        let name = "\(Self.downloads)/\(key.hex)"
        guard let bytes = try? root.fd.contents(of: name, atMost: 1 << 16), let found = Download(record: bytes) else {
            return nil
        }
        // When it was used last.
        try? root.fd.setTimes(name, access: .keep, modified: .now)
        return found
    }

    /// Gives a file that was fetched another name; nobody may change it.
    ///
    /// - Returns: false where it is gone.
    public func link(_ download: Download, to directory: FD, _ name: CPath) -> Bool {
        (try? root.fd.link("\(Self.downloads)/\(download.file)", to: directory, name)) != nil
    }

    /// Remembers a file, which nobody may change any more. What cannot be remembered is not.
    public func remember(_ name: CPath, of directory: FD, _ digest: Digest, tag: String?, as key: Digest) {
        do throws(Errno) {
            if (try? root.fd.status(Self.downloads)) == nil { try root.fd.makeDirectory(Self.downloads, mode: 0o700) }
            let old = download(key)
            let file = "\(key.hex)-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
            let isLine = { (text: String) in !text.contains { $0.isNewline } }
            let new = Download(digest: digest, tag: tag.flatMap { isLine($0) ? $0 : nil }, file: file)
            // The record says what is in it: a power failure must not keep the one without the other.
            let content = try directory.open(name, [.readOnly, .noFollow])
            try check(cl_fsync(content.raw))
            let place = try root.fd.open(Self.downloads, [.readOnly, .directory, .noFollow])
            try directory.link(name, to: place.fd, file)
            try place.fd.replace(key.hex, with: new.record, mode: 0o600)
            if let old { try? place.fd.unlink(old.file) }
        } catch {
            return
        }
    }

    /// Removes what was fetched, and files that a kill left.
    ///
    /// - Parameter time: seconds since 1970; what was used since stays. nil removes all.
    /// - Returns: bytes of the files.
    public func removeDownloads(unusedSince time: Int64?) -> Int64 {
        guard let place = try? root.fd.open(Self.downloads, [.readOnly, .directory, .noFollow]),
            let names = try? names(in: Self.downloads)
        else { return 0 }
        var kept: Set<[UInt8]> = []
        for name in names where !name.contains(UInt8(ascii: "-")) {
            let key = OCI.path(name)
            if let time, let used = try? place.fd.status(key).mtime_s, used >= time,
                let found = (try? place.fd.contents(of: key, atMost: 1 << 16)).flatMap({ Download(record: $0) })
            {
                kept.insert(Array(found.file.utf8))
            } else {
                try? place.fd.unlink(key)
            }
        }
        var bytes: Int64 = 0
        for name in names where name.contains(UInt8(ascii: "-")) && !kept.contains(name) {
            // One that came just now may not have its record yet.
            guard let status = try? place.fd.status(OCI.path(name)), time == nil || status.ctime_s < (time ?? 0) else {
                continue
            }
            if (try? place.fd.unlink(OCI.path(name))) != nil { bytes += Int64(clamping: status.size) }
        }
        return bytes
    }
}
