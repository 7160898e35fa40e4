import CLinux
import Linux

/// What is remembered of an object's statx(2).
struct FileStatus: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let modified: Timestamp
    let changed: Timestamp
    /// Type and permission bits.
    let mode: UInt32
    let uid: UInt32
    let gid: UInt32
    let links: UInt32
    /// Of a device file.
    let deviceNumber: UInt64

    init(_ status: Status) {
        device = status.dev
        inode = status.ino
        size = Int64(clamping: status.size)
        modified = Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns))
        changed = Timestamp(seconds: status.ctime_s, nanoseconds: Int64(status.ctime_ns))
        mode = status.mode
        uid = status.uid
        gid = status.gid
        links = status.nlink
        deviceNumber = status.rdev
    }

    var type: UInt32 { mode & 0o170000 }
    var permissions: UInt32 { mode & 0o7777 }
    var isDirectory: Bool { type == 0o040000 }
    var isRegular: Bool { type == 0o100000 }
    var isSymlink: Bool { type == 0o120000 }
    var isSocket: Bool { type == 0o140000 }
}
