import CLinux
import Linux

extension Caller {
    /// Whether it may keep the set-gid bit of what belongs to `group` (the kernel's in_group_or_capable).
    func mayKeepSetGID(of group: UInt32) -> Bool {
        uid == 0 || gid == group || process != 0 && cl_process_in_group(process, group) == 1
    }
}

extension Union {
    /// Runs `body` with the caller's ids for what it creates, where this process may take them on.
    func asCaller(_ caller: Caller, _ body: () throws(Errno) -> Void) throws(Errno) {
        let uid = try stored(caller.uid, configuration.ownership.uidMapping)
        let gid = try stored(caller.gid, configuration.ownership.gidMapping)
        guard privileges.manyOwners, configuration.ownership.attribute == nil,
            uid != privileges.uid || gid != privileges.gid
        else { return try body() }
        _ = cl_setfsgid(gid)
        _ = cl_setfsuid(uid)
        // The kernel has checked the caller's permissions; ours are for the layers.
        _ = cl_raise_capabilities()
        defer {
            _ = cl_setfsuid(privileges.uid)
            _ = cl_setfsgid(privileges.gid)
        }
        try body()
    }

    /// The owner of something new, where it could not be given to its creator.
    func recordCreator(_ fd: FD, _ name: CPath, _ kind: NewKind, _ mode: UInt32, _ caller: Caller) throws(Errno) {
        let always = configuration.ownership.attribute != nil
        guard always || caller.uid != privileges.uid || caller.gid != privileges.gid else { return }
        if configuration.ownership.squashUID != nil { return }
        if !always {
            do throws(Errno) { return try fd.setOwner(name, uid: caller.uid, gid: caller.gid) } catch {
                guard error == .notPermitted || error == .invalid else { throw error }
            }
        }
        let type: UInt32
        switch kind {
        case .file: type = 0o100000
        case .directory: type = 0o040000
        case .special, .symlink: return
        }
        let real = try fd.status(name)
        try record(
            RecordedOwner(uid: caller.uid, gid: caller.gid, mode: real.mode & 0o7777, kind: .init(type: type)), fd, name
        )
    }
}
