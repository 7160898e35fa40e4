import CLinux
import Glibc
import Linux

/// A FUSE mount that is nowhere yet: what will be seen of it is not its root but a directory below, which stands for the
/// same node.
///
/// The kernel makes the root of a FUSE file system before it knows that the server has ACLs, and from then on asks for the
/// root's at each step through it, unless the caller owns it: a message for every path that somebody else walks. Of what
/// lies below it remembers them.
enum DetachedMount {
    /// The name of that directory, as it shows in the fourth field of /proc/self/mountinfo.
    static let name = "merged"

    /// Makes the file system and its mount.
    ///
    /// - Throws: what the kernel says; ENOSYS before Linux 5.2.
    static func make(_ options: MountOptions, device: Int32) throws(Errno) -> Descriptor {
        let context = Descriptor(owning: try check(cl_fsopen("fuse")))
        func set(_ key: String, _ value: [UInt8]) throws(Errno) {
            try check(cl_fsconfig(context.raw, key, value.map { CChar(bitPattern: $0) } + [0]))
        }
        try set("source", options.source)
        try set("subtype", options.subtype)
        try set("fd", Array("\(device)".utf8))
        try set("rootmode", Array("40000".utf8))
        try set("user_id", Array("\(getuid())".utf8))
        try set("group_id", Array("\(getgid())".utf8))
        for flag in ["default_permissions"] + (options.allowOther ?? true ? ["allow_other"] : [])
            + (options.showsReadOnly ? ["ro"] : [])
        {
            try check(cl_fsconfig(context.raw, flag, nil))
        }
        try check(cl_fsconfig(context.raw, nil, nil))
        // MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC, NOATIME.
        var attributes: UInt32 = options.showsReadOnly ? 1 : 0
        if options.setID == false { attributes |= 2 }
        if options.devices == false { attributes |= 4 }
        if !options.executable { attributes |= 8 }
        if options.noAccessTimes { attributes |= 0x10 }
        return Descriptor(owning: try check(cl_fsmount(context.raw, attributes)))
    }

    /// Mounts what is below the root of `mount`. The session on `device` must be answering.
    static func attach(_ mount: FD, device: Int32, at mountPoint: [CChar]) throws(Errno) {
        let result = cl_mount_below(mount.raw, name, mountPoint, device, 0)
        // Before Linux 6.15 only what is mounted somewhere is copied.
        try check(result == -22 ? cl_mount_below(mount.raw, name, mountPoint, device, 1) : result)
    }
}
