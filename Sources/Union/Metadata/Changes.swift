public import CLinux
public import Linux

/// What setattr changes; nil stays.
public struct StatusChange: Sendable {
    public var size: UInt64?
    public var mode: UInt32?
    public var uid: UInt32?
    public var gid: UInt32?
    public var accessTime: Timestamp?
    public var modifiedTime: Timestamp?
    /// Set-id bits go, for a caller who may not keep them (FATTR_KILL_SUIDGID).
    public var dropsSetID = false
    /// It is changed by a descriptor, which may have lost the name that it was opened by.
    public var byDescriptor = false
    /// Who changes it, where that matters for `dropsSetID`.
    public var caller = Caller(uid: 0, gid: 0)

    public init() {}
}

extension Union {
    /// chmod, chown, utimes and truncate.
    ///
    /// - Throws: EROFS; what the upper says. A change of owner that the kernel refuses us is recorded (SEMANTICS 9.5).
    public func change(_ node: NodeID, _ change: StatusChange) throws(Errno) -> Status {
        let node = node.node
        guard work != nil else { throw Errno.readOnly }
        let data: CopiedData = change.size == nil ? .metadataOnly : change.size == 0 ? .none : .all
        if !change.byDescriptor || !node.pointee.flags.contains(.inUpper) { try copyUp(node, data: data) }
        enterBody(node)
        defer { leaveBody(node) }
        try copyUpHeld(node, data: data)
        return try retryingWithoutIdleDirectories { () throws(Errno) in
            try withObject(node, settled: true) { (fd, name) throws(Errno) in
                if let size = change.size { try truncate(node, fd, name, size) }
                if change.uid != nil || change.gid != nil { try setOwner(fd, name, change) }
                if let mode = change.mode { try setMode(node, fd, name, mode) }
                if change.dropsSetID { try dropSetID(fd, name, change.caller) }
                if change.accessTime != nil || change.modifiedTime != nil {
                    try fd.setTimes(name, access: change.accessTime ?? .keep, modified: change.modifiedTime ?? .keep)
                }
                let real = try fd.status(name)
                return present(readsOwnership(0) ? overridden(real, fd, name) : real, node)
            }
        }
    }

    private func truncate(_ node: Node, _ fd: FD, _ name: CPath, _ size: UInt64) throws(Errno) {
        guard let length = Int64(exactly: size) else { throw Errno.invalid }
        if let file = node.pointee.file, file.pointee.writing >= 0 {
            try check(cl_ftruncate(file.pointee.writing, length))
            return
        }
        let flags: OpenFlags = [.writeOnly, .noFollow, .nonBlocking]
        let open = try name.pointee == 0 ? fd.reopen(flags) : fd.open(name, flags)
        try check(cl_ftruncate(open.raw, length))
    }

    private func setOwner(_ fd: FD, _ name: CPath, _ change: StatusChange) throws(Errno) {
        let uid = try stored(change.uid ?? .max, configuration.ownership.uidMapping)
        let gid = try stored(change.gid ?? .max, configuration.ownership.gidMapping)
        if configuration.ownership.attribute == nil, recordedOwner(fd, name) == nil || !readsOwnership(0) {
            do throws(Errno) { return try fd.setOwner(name, uid: uid, gid: gid) } catch {
                guard error == .notPermitted || error == .invalid, recordsOwners else { throw error }
            }
        }
        let real = try fd.status(name)
        guard real.isRegular || real.isDirectory else { throw Errno.notPermitted }
        let shown = overridden(real, fd, name)
        var mode = shown.mode & 0o7777
        // As chown(2): set-id bits of a file go.
        if real.isRegular { mode &= mode & 0o10 != 0 ? ~0o6000 : ~0o4000 }
        try record(
            RecordedOwner(
                uid: uid == .max ? shown.uid : uid, gid: gid == .max ? shown.gid : gid, mode: mode,
                kind: .init(type: shown.type, device: shown.rdev)), fd, name)
    }

    private func setMode(_ node: Node, _ fd: FD, _ name: CPath, _ mode: UInt32) throws(Errno) {
        if readsOwnership(0), var owner = recordedOwner(fd, name) {
            owner.mode = mode & 0o7777
            try record(owner, fd, name)
            if configuration.ownership.attribute != nil { return }
        }
        try fd.setMode(name, mode & 0o7777)
    }

    /// Set-id bits go when somebody else writes (the kernel's should_remove_suid). Precondition: body held.
    func dropSetID(_ fd: FD, _ name: CPath, _ caller: Caller) throws(Errno) {
        let status = try fd.status(name)
        guard !status.isDirectory, !status.isSymlink else { return }
        let owner = readsOwnership(0) ? recordedOwner(fd, name) : nil
        let mode = (owner?.mode ?? status.mode) & 0o7777
        var kept = mode & ~0o4000
        // Without group execution the bit is for members of the group to keep.
        if mode & 0o10 != 0 || !caller.mayKeepSetGID(of: owner?.gid ?? status.gid) { kept &= ~0o2000 }
        if var owner, kept != mode {
            owner.mode = kept
            try record(owner, fd, name)
        }
        let real = status.mode & 0o7777
        if real & 0o6000 & ~kept != 0 { try fd.setMode(name, real & (kept | 0o1777)) }
    }

    /// Takes the set-id bits from an open file that `caller` wrote to.
    public func dropSetID(_ node: NodeID, _ caller: Caller) throws(Errno) {
        try dropSetID(try writingDescriptor(node), "", caller)
    }

    /// readlink(2); the target's length.
    public func readLink(_ node: NodeID, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        let node = node.node
        guard node.pointee.type == 0o120000 else { throw Errno.invalid }
        enterBody(node)
        defer { leaveBody(node) }
        return try withObject(node, settled: true) { (fd, name) throws(Errno) in try fd.readLink(name, into: buffer) }
    }

    /// statfs(2) of the upper, or of the top lower.
    public func fileSystemStatus() throws(Errno) -> cl_statfs {
        try FD(work == nil ? layers[1].root : layers[0].root).fileSystem()
    }

    /// An ioctl(2) on inode flags passes to the object below, after a copy-up where it `changes` them.
    ///
    /// `argument`: what the request carries in and out.
    public func control(
        _ node: NodeID, request: UInt, changes: Bool, _ argument: UnsafeMutableRawPointer
    ) throws(Errno) {
        if changes { try copyUp(node.node, data: .metadataOnly) }
        try withReadable(node.node) { (fd) throws(Errno) in
            _ = try check(cl_ioctl_pointer(fd.raw, request, argument))
        }
    }

    private func withReadable<Result>(_ node: Node, _ body: (FD) throws(Errno) -> Result) throws(Errno) -> Result {
        enterBody(node)
        defer { leaveBody(node) }
        return try withObject(node, settled: true) { (fd, name) throws(Errno) in
            let flags: OpenFlags = node.pointee.directory == nil ? [.readOnly, .nonBlocking] : [.readOnly, .directory]
            let open = try name.pointee == 0 ? fd.reopen(flags) : fd.open(name, flags.union(.noFollow))
            return try body(open.fd)
        }
    }
}
