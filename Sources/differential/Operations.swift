import CDifferential
import Glibc

/// Something that a program does to a tree. Paths are below the mount; slots are descriptors that stay open.
enum Operation {
    /// Opens, reads what there is if it may, writes if told to; keeps the descriptor in a slot, or closes it.
    case open(Bytes, flags: Int32, mode: UInt32, write: Payload?, slot: Int?)
    /// Makes a file without a name, writes, gives it a name unless that is empty.
    case temporary(Bytes, mode: UInt32, write: Payload, link: Bytes, slot: Int?)
    case truncate(Bytes, Int64)
    case fallocate(Bytes, mode: Int32, offset: Int64, length: Int64)
    case write(Bytes, offset: Int64, Payload)
    case mapWrite(Bytes, offset: Int64, Payload)
    case list(Bytes, bufferSize: Int)
    case makeDirectory(Bytes, UInt32)
    case removeDirectory(Bytes)
    case unlink(Bytes)
    case removeTree(Bytes)
    case rename(Bytes, Bytes, flags: UInt32)
    case link(Bytes, Bytes)
    case symlink(Bytes, target: Bytes)
    case readLink(Bytes)
    case makeNode(Bytes, mode: UInt32, major: UInt32, minor: UInt32)
    case chmod(Bytes, UInt32)
    case chown(Bytes, UInt32, UInt32)
    case setTimes(Bytes, atime: Int64, mtime: Int64, nanoseconds: UInt32)
    case setXattr(Bytes, Xattr, flags: Int32)
    case removeXattr(Bytes, Bytes)
    case getXattr(Bytes, Bytes)
    case listXattr(Bytes)
    case access(Bytes, Int32)
    case copyRange(Bytes, Int64, Bytes, Int64, UInt64)
    case seek(Bytes, Int64, whence: Int32)
    case stat(Bytes)
    case statFilesystem(Bytes)
    case setFlags(Bytes, UInt32)

    /// One listing that goes on over several steps.
    case scanBegin(Bytes)
    case scanOn
    case scanEnd

    case slotRead(Int, offset: Int64, length: Int)
    case slotWrite(Int, offset: Int64?, Payload)
    case slotStat(Int)
    case slotTruncate(Int, Int64)
    case slotFallocate(Int, mode: Int32, offset: Int64, length: Int64)
    case slotSeek(Int, Int64, whence: Int32)
    case slotLink(Int, Bytes)
    case slotChmod(Int, UInt32)
    case slotChown(Int, UInt32, UInt32)
    case slotSetXattr(Int, Xattr)
    case slotMapWrite(Int, offset: Int64, Payload)
    case slotList(Int)
    /// Reads through a mapping that stays from the first time on.
    case slotMapRead(Int)
    case slotSync(Int)
    case slotClose(Int)
}

/// Who does it.
struct Actor: Equatable {
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var umask: UInt32 = 0o022
}

struct Step {
    var operation: Operation
    var actor = Actor()

    var shown: String {
        var text = operation.shown
        if actor.uid != 0 || actor.gid != 0 { text += "  as \(actor.uid):\(actor.gid)" }
        if actor.umask != 0o022 { text += "  umask \(octal(actor.umask))" }
        return text
    }
}

extension Step {
    var leavesWhiteout: Bool {
        guard case .rename(_, _, let flags) = operation else { return false }
        return flags == UInt32(CD_RENAME_WHITEOUT)
    }
}

extension Operation {
    /// Whether a file is opened for writing on the way.
    fileprivate var target: (opensToWrite: Bool, writes: Bool) {
        switch self {
        case .open(_, let flags, _, let write, _):
            return (flags & O_ACCMODE != O_RDONLY, (write?.length ?? 0) > 0 || flags & O_TRUNC != 0)
        case .write(_, _, let data), .mapWrite(_, _, let data): return (true, data.length > 0)
        case .fallocate, .copyRange: return (true, true)
        default: return (false, false)
        }
    }

    var opensToWrite: Bool { target.opensToWrite }
    /// Whether it writes if it succeeds with more than nothing.
    var writes: Bool { target.writes }
}

extension Payload {
    var shown: String { "\(length) bytes" }
}

extension Operation {
    var shown: String {
        switch self {
        case .open(let path, let flags, let mode, let write, let slot):
            var text = "open \(path.shown) \(Self.openFlags(flags)) \(octal(mode))"
            if let write { text += ", write \(write.shown)" }
            return text + (slot.map { ", keep as fd\($0)" } ?? ", close")
        case .temporary(let path, let mode, let write, let link, let slot):
            var text = "open O_TMPFILE in \(path.shown) \(octal(mode)), write \(write.shown)"
            if !link.isEmpty { text += ", link as \(link.shown)" }
            return text + (slot.map { ", keep as fd\($0)" } ?? ", close")
        case .truncate(let path, let size): return "truncate \(path.shown) \(size)"
        case .fallocate(let path, let mode, let offset, let length):
            return "fallocate \(path.shown) mode \(mode) \(offset)+\(length)"
        case .write(let path, let offset, let data): return "pwrite \(path.shown) at \(offset) \(data.shown)"
        case .mapWrite(let path, let offset, let data): return "mmap-write \(path.shown) at \(offset) \(data.shown)"
        case .list(let path, let size): return "list \(path.shown) buffer \(size)"
        case .makeDirectory(let path, let mode): return "mkdir \(path.shown) \(octal(mode))"
        case .removeDirectory(let path): return "rmdir \(path.shown)"
        case .unlink(let path): return "unlink \(path.shown)"
        case .removeTree(let path): return "rm -r \(path.shown)"
        case .rename(let from, let to, let flags):
            let names = ["rename", "rename NOREPLACE", "rename EXCHANGE", "rename 3", "rename WHITEOUT"]
            let name = Int(flags) < names.count ? names[Int(flags)] : "rename flags \(flags)"
            return "\(name) \(from.shown) \(to.shown)"
        case .link(let from, let to): return "link \(from.shown) \(to.shown)"
        case .symlink(let path, let target): return "symlink \(path.shown) -> \(target.shown)"
        case .readLink(let path): return "readlink \(path.shown)"
        case .makeNode(let path, let mode, let major, let minor):
            return "mknod \(path.shown) \(typeName(mode & UInt32(S_IFMT))) \(octal(mode & 0o7777)) \(major):\(minor)"
        case .chmod(let path, let mode): return "chmod \(path.shown) \(octal(mode))"
        case .chown(let path, let uid, let gid): return "chown \(path.shown) \(Self.id(uid)):\(Self.id(gid))"
        case .setTimes(let path, let atime, let mtime, let nanoseconds):
            return "utimens \(path.shown) \(atime) \(mtime).\(nanoseconds)"
        case .setXattr(let path, let xattr, let flags): return "setxattr \(path.shown) \(xattr.shown) flags \(flags)"
        case .removeXattr(let path, let name): return "removexattr \(path.shown) \(name.shown)"
        case .getXattr(let path, let name): return "getxattr \(path.shown) \(name.shown)"
        case .listXattr(let path): return "listxattr \(path.shown)"
        case .access(let path, let mode): return "access \(path.shown) \(mode)"
        case .copyRange(let from, let offset, let to, let target, let length):
            return "copy_file_range \(from.shown) at \(offset) to \(to.shown) at \(target), \(length) bytes"
        case .seek(let path, let offset, let whence):
            return "lseek \(path.shown) \(whence == Int32(CD_SEEK_DATA) ? "DATA" : "HOLE") from \(offset)"
        case .stat(let path): return "stat \(path.shown)"
        case .statFilesystem(let path): return "statfs \(path.shown)"
        case .setFlags(let path, let flags): return "setflags \(path.shown) \(flags)"
        default: return shownSlot
        }
    }

    private var shownSlot: String {
        switch self {
        case .slotRead(let slot, let offset, let length): return "fd\(slot): pread at \(offset) \(length) bytes"
        case .slotWrite(let slot, let offset, let data):
            return "fd\(slot): " + (offset.map { "pwrite at \($0)" } ?? "write") + " \(data.shown)"
        case .slotStat(let slot): return "fd\(slot): fstat"
        case .slotTruncate(let slot, let size): return "fd\(slot): ftruncate \(size)"
        case .slotFallocate(let slot, let mode, let offset, let length):
            return "fd\(slot): fallocate mode \(mode) \(offset)+\(length)"
        case .slotSeek(let slot, let offset, let whence):
            return "fd\(slot): lseek \(whence == Int32(CD_SEEK_DATA) ? "DATA" : "HOLE") from \(offset)"
        case .slotLink(let slot, let path): return "fd\(slot): linkat \(path.shown)"
        case .slotChmod(let slot, let mode): return "fd\(slot): fchmod \(octal(mode))"
        case .slotChown(let slot, let uid, let gid): return "fd\(slot): fchown \(Self.id(uid)):\(Self.id(gid))"
        case .slotSetXattr(let slot, let xattr): return "fd\(slot): fsetxattr \(xattr.shown)"
        case .slotMapWrite(let slot, let offset, let data): return "fd\(slot): mmap-write at \(offset) \(data.shown)"
        case .slotList(let slot): return "fd\(slot): rewind and list"
        case .slotMapRead(let slot): return "fd\(slot): read through a lasting mapping"
        case .scanBegin(let path): return "scan \(path.shown): begin"
        case .scanOn: return "scan: go on"
        case .scanEnd: return "scan: end"
        case .slotSync(let slot): return "fd\(slot): fsync"
        case .slotClose(let slot): return "fd\(slot): close"
        default: return "?"
        }
    }

    private static func id(_ id: UInt32) -> String {
        id == UInt32.max ? "-1" : "\(id)"
    }

    private static func openFlags(_ flags: Int32) -> String {
        var names = [["O_RDONLY", "O_WRONLY", "O_RDWR", "3"][Int(flags & 3)]]
        let known: [(Int32, String)] = [
            (O_CREAT, "O_CREAT"), (O_EXCL, "O_EXCL"), (O_TRUNC, "O_TRUNC"), (O_APPEND, "O_APPEND"),
            (O_NOFOLLOW, "O_NOFOLLOW"), (O_DIRECTORY, "O_DIRECTORY"), (O_NONBLOCK, "O_NONBLOCK"),
            (Int32(CD_O_PATH), "O_PATH"), (Int32(CD_O_DIRECT), "O_DIRECT"), (Int32(O_SYNC), "O_SYNC"),
        ]
        for (bit, name) in known where flags & bit == bit { names.append(name) }
        return names.joined(separator: "|")
    }
}
