import CLinux
import Linux

extension Union {
    /// Owner, mode, attributes and times of a lower's object on its copy (SEMANTICS 5.1), in the order in which none
    /// undoes another: owner clears set-id bits and capabilities, an ACL changes the mode, everything changes the times.
    func setMetadata(
        of copy: FD, _ name: CPath, from source: FD, _ sourceName: CPath, _ status: Status, layer: Int
    ) throws(Errno) {
        let shown = readsOwnership(layer) ? overridden(status, source, sourceName) : status
        let current = try copy.status(name)
        var recorded = false
        if shown.uid != current.uid || shown.gid != current.gid || shown.type != status.type {
            do throws(Errno) {
                if configuration.ownership.attribute != nil { throw Errno.notPermitted }
                try copy.setOwner(name, uid: shown.uid, gid: shown.gid)
            } catch {
                guard error == .notPermitted || error == .invalid, recordsOwners else { throw error }
                recorded = true
            }
        }
        // A special file that only a record makes one.
        if shown.type != status.type { recorded = true }
        // What a record alone says of the mode stays in a record, or becomes the file's own.
        if recordsOwners, shown.mode & 0o7777 != status.mode & 0o7777 { recorded = true }
        let mode = (recorded ? status.mode : shown.mode) & 0o7777
        if !status.isSymlink { try copy.setMode(name, mode) }
        try copyAttributes(of: copy, name, from: source, sourceName)
        if recorded, status.isRegular || status.isDirectory {
            let kind = RecordedOwner.Kind(type: shown.type, device: shown.rdev)
            try record(
                RecordedOwner(uid: shown.uid, gid: shown.gid, mode: shown.mode & 0o7777, kind: kind), copy, name)
        }
        if !status.isSymlink, try copy.status(name).mode & 0o7777 != mode { try copy.setMode(name, mode) }
        try copy.setTimes(
            name, access: Timestamp(seconds: status.atime_s, nanoseconds: Int64(status.atime_ns)),
            modified: Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns)))
    }

    private func copyAttributes(
        of copy: FD, _ name: CPath, from source: FD, _ sourceName: CPath
    ) throws(Errno) {
        let list = try source.attributeNames(sourceName)
        if list.isEmpty { return }
        for key in list.split(separator: 0) {
            let key = Array(key)
            if isPrivate(key) { continue }
            let path = key.map { CChar(bitPattern: $0) } + [0]
            guard let value = try source.attribute(sourceName, path) else { continue }
            do throws(Errno) { try copy.setAttribute(name, path, value) } catch {
                // What an unprivileged copy cannot carry (security.*, trusted.*) it has to do without, as in the kernel.
                let optional = key.starts(with: "security.".utf8) || key.starts(with: "trusted.".utf8)
                guard optional, error == .notPermitted || error == .notSupported else { throw error }
            }
        }
    }

    /// Our own marks, which describe one layer's object and never its copy. Escaped ones are somebody else's and stay.
    func isPrivate(_ key: [UInt8]) -> Bool {
        if key.starts(with: "user.fuseoverlayfs.".utf8) { return true }
        for attribute in [Ownership.Attribute.containers, .privileged] where key.elementsEqual(attribute.rawValue.utf8)
        {
            return true
        }
        if key.starts(with: marks.prefix) { return !key.dropFirst(marks.prefix.count).starts(with: "overlay.".utf8) }
        // Marks of the other namespace are read too (4.5): on a copy they would say something new.
        return Self.mark(key) != nil
    }

    /// Writes where a copy came from (`origin`), so that its inode number survives a remount (SEMANTICS 6.2); nil where the
    /// file systems cannot say or hold it.
    @discardableResult
    func markOrigin(_ copy: FD, _ name: CPath, _ source: FD, _ sourceName: CPath, layer: Int) throws(Errno) -> Origin? {
        guard let origin = Origin(source, sourceName, uuid: layers[layer].uuid) else { return nil }
        do throws(Errno) { try copy.setAttribute(name, marks.name(.origin), origin.bytes) } catch {
            guard error == .notPermitted || error == .notSupported else { throw error }
            guard enterOriginTable(copy, name, origin) else { return nil }
        }
        return origin
    }

    /// Notes on a directory of the upper that entries carry an origin: without it nobody looks for one.
    func markImpure(_ directory: LayerDirectory, _ fd: FD) {
        if isImpure(directory, fd) { return }
        do throws(Errno) {
            try fd.setAttribute("", marks.name(.impure), [0x79])
            directory.pointee.impure = .yes
        } catch {
            // Numbers may change at the next mount; nothing else depends on it.
            directory.pointee.impure = .yes
        }
    }

    /// Where a metacopy's data lies, when its name alone does not say: an absolute redirect.
    func markData(_ node: Node, _ copy: FD) throws(Errno) {
        guard node.pointee.flags.contains(.dataOnly), let place = node.pointee.data else { return }
        try copy.setAttribute("", marks.name(.redirect), pathInLayer(place))
    }

    /// The absolute path of a lower's file from its layer's root, as a redirect holds it.
    func pathInLayer(_ place: LowerPlace) -> [UInt8] {
        var path = [0x2f] + place.name.bytes
        var directory: LayerDirectory? = place.directory
        while let here = directory, let name = here.pointee.name {
            path = [0x2f] + name.bytes + path
            directory = here.pointee.parent
        }
        return path
    }
}
