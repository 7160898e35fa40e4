import CLinux
import Glibc
public import Linux

/// Extended attributes as the mount shows them: everything but our own marks, with those of a nested union escaped
/// (SEMANTICS 9.3; overlayfs.rst, "Nesting of overlayfs mounts").
extension Union {
    /// How an attribute of the mount is stored; nil for one that does not exist in it.
    private func storedName(_ key: CPath) -> [CChar]? {
        let bytes = UnsafeBufferPointer(start: key, count: strlen(key)).map { UInt8(bitPattern: $0) }
        if bytes.starts(with: "user.fuseoverlayfs.".utf8) || isRecord(bytes) { return nil }
        guard bytes.starts(with: marks.prefix) else { return bytes.map { CChar(bitPattern: $0) } + [0] }
        let escaped = marks.prefix + Array("overlay.".utf8) + bytes.dropFirst(marks.prefix.count)
        return escaped.map { CChar(bitPattern: $0) } + [0]
    }

    private func isRecord(_ key: [UInt8]) -> Bool {
        guard recordsOwners || ownershipRecorded || lowersRecordOwnership else { return false }
        return [Ownership.Attribute.containers, .privileged].contains { key.elementsEqual($0.rawValue.utf8) }
    }

    /// The name that the mount shows for a stored one; nil for our own.
    private func shownName(_ key: ArraySlice<UInt8>) -> [UInt8]? {
        let key = Array(key)
        if key.starts(with: "user.fuseoverlayfs.".utf8) || isRecord(key) { return nil }
        guard key.starts(with: marks.prefix) else { return key }
        let rest = key.dropFirst(marks.prefix.count)
        return rest.starts(with: "overlay.".utf8) ? marks.prefix + rest.dropFirst(8) : nil
    }

    /// getxattr(2): the value, or ENODATA.
    public func attribute(_ node: NodeID, _ key: CPath) throws(Errno) -> [UInt8] {
        guard let stored = storedName(key) else { throw Errno.noData }
        let node = node.node
        let value = try settled(node) { (fd, name) throws(Errno) -> [UInt8]? in
            try fd.attribute(name, stored)
        }
        guard let value else { throw Errno.noData }
        return value
    }

    /// listxattr(2): the names, each ended by NUL. `privileged`: the caller may see `trusted.` ones.
    public func attributeNames(_ node: NodeID, privileged: Bool) throws(Errno) -> [UInt8] {
        let node = node.node
        let list = try settled(node) { (fd, name) throws(Errno) in try fd.attributeNames(name) }
        if list.isEmpty { return [] }
        var shown: [UInt8] = []
        shown.reserveCapacity(list.count)
        for key in list.split(separator: 0) {
            guard let name = shownName(key) else { continue }
            if !privileged, name.starts(with: "trusted.".utf8) { continue }
            shown += name
            shown.append(0)
        }
        return shown
    }

    /// setxattr(2). `dropsSetGID`: the new ACL takes the set-gid bit away (FUSE_SETXATTR_ACL_KILL_SGID).
    public func setAttribute(
        _ node: NodeID, _ key: CPath, _ value: UnsafeRawBufferPointer, flags: Int32, dropsSetGID: Bool = false
    ) throws(Errno) {
        guard work != nil else { throw Errno.readOnly }
        if givesOwner(key) { return try recordOwner(node.node, Array(value)) }
        guard let stored = storedName(key) else { throw Errno.notPermitted }
        let node = node.node
        if !node.pointee.flags.contains(.inUpper) { try copyUp(node, data: .metadataOnly) }
        try settled(node) { (fd, name) throws(Errno) in
            try fd.setAttribute(name, stored, value, flags: flags)
            // An access ACL says what the mode is, and so it is what a record's mode has to be.
            if strcmp(key, accessACL) == 0, readsOwnership(0), var owner = recordedOwner(fd, name) {
                owner.mode = owner.mode & (dropsSetGID ? 0o5000 : 0o7000) | (try fd.status(name).mode & 0o777)
                try record(owner, fd, name)
            }
            if dropsSetGID {
                let mode = try fd.status(name).mode
                if mode & 0o2000 != 0 { try fd.setMode(name, mode & 0o5777) }
            }
        }
        forgetDefaultACL(node)
    }

    /// removexattr(2). Without its access ACL an object keeps the set-gid bit only for those who may set it
    /// (ovl_set_or_remove_acl).
    public func removeAttribute(_ node: NodeID, _ key: CPath, caller: Caller) throws(Errno) {
        guard work != nil else { throw Errno.readOnly }
        guard let stored = storedName(key) else { throw Errno.noData }
        let node = node.node
        if !node.pointee.flags.contains(.inUpper) {
            // Nothing is copied up for an attribute that is not there (ovl_xattr_set).
            let present = try settled(node) { (fd, name) throws(Errno) in try fd.attribute(name, stored) != nil }
            if !present { throw Errno.noData }
            try copyUp(node, data: .metadataOnly)
        }
        try settled(node) { (fd, name) throws(Errno) in
            try fd.removeAttribute(name, stored)
            guard strcmp(key, accessACL) == 0 else { return }
            let status = try fd.status(name)
            let owner = readsOwnership(0) ? recordedOwner(fd, name) : nil
            if caller.mayKeepSetGID(of: owner?.gid ?? status.gid) { return }
            if var owner, owner.mode & 0o2000 != 0 {
                owner.mode &= 0o5777
                try record(owner, fd, name)
            }
            if status.mode & 0o2000 != 0 { try fd.setMode(name, status.mode & 0o5777) }
        }
        forgetDefaultACL(node)
    }

    private func settled<Result>(
        _ node: Node, _ body: (FD, CPath) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        enterBody(node)
        defer { leaveBody(node) }
        return try retryingWithoutIdleDirectories { () throws(Errno) in try withObject(node, settled: true, body) }
    }

    private func forgetDefaultACL(_ node: Node) {
        monitor.lock()
        node.pointee.directory?.pointee.defaultACL = .unknown
        monitor.unlock()
    }
}
