import CFuse
import CLinux
import Glibc
import Linux
import Synchronization
import Union

/// Requests about attributes, extended ones, and the file system as a whole.
extension Session {
    func setStatus(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_setattr_in.self) else { throw Errno.invalid }
        func has(_ flag: Int32) -> Bool { argument.valid & UInt32(flag) != 0 }
        var change = StatusChange()
        if has(FATTR_SIZE) { change.size = argument.size }
        if has(FATTR_MODE) { change.mode = argument.mode & 0o7777 }
        if has(FATTR_UID) { change.uid = argument.uid }
        if has(FATTR_GID) { change.gid = argument.gid }
        if has(FATTR_ATIME) {
            change.accessTime =
                has(FATTR_ATIME_NOW)
                ? .now : Timestamp(seconds: Int64(bitPattern: argument.atime), nanoseconds: Int64(argument.atimensec))
        }
        if has(FATTR_MTIME) {
            change.modifiedTime =
                has(FATTR_MTIME_NOW)
                ? .now : Timestamp(seconds: Int64(bitPattern: argument.mtime), nanoseconds: Int64(argument.mtimensec))
        }
        // A change of nothing is chown(2) with neither owner nor group, which takes set-id bits away all the same; or
        // what the kernel does before a write once it has removed capabilities, which does not (__remove_privs).
        let nothing =
            argument.valid & UInt32(FATTR_SIZE | FATTR_MODE | FATTR_UID | FATTR_GID | FATTR_ATIME | FATTR_MTIME) == 0
        let beforeWrite = nothing && hasLostCapabilities(exchange.head.nodeid)
        change.dropsSetID = has(FATTR_KILL_SUIDGID) || nothing && !beforeWrite
        change.caller = caller(exchange)
        change.byDescriptor = has(FATTR_FH)
        let target = try node(exchange.head.nodeid)
        // Or what it does before somebody else's write to a set-id file, which he has open then.
        if nothing, !beforeWrite, exchange.head.uid != 0, (try? union.writingDescriptor(target)) == nil {
            let status = try union.status(target)
            if status.isRegular, status.mode & 0o6000 != 0, status.uid != exchange.head.uid { throw Errno.notPermitted }
        }
        return encode(try union.change(target, change), of: target, exchange)
    }

    /// statx(2) beyond stat(2): the time of birth (SEMANTICS 6.3).
    func extendedStatus(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        let node = try node(exchange.head.nodeid)
        let status = try union.status(node, birth: true)
        let attr = attributes(status)
        var out = cf_statx_out()
        out.attr_valid = attributesHold(node) ? Self.forEver : 0
        // STATX_BASIC_STATS, and STATX_BTIME where the layer knows it.
        out.stat.mask = 0x7ff | status.mask & 0x800
        out.stat.blksize = attr.blksize
        out.stat.nlink = attr.nlink
        out.stat.uid = attr.uid
        out.stat.gid = attr.gid
        out.stat.mode = UInt16(truncatingIfNeeded: attr.mode)
        out.stat.ino = attr.ino
        out.stat.size = attr.size
        out.stat.blocks = attr.blocks
        out.stat.atime = cf_sx_time(seconds: status.atime_s, nanoseconds: status.atime_ns, reserved: 0)
        out.stat.btime = cf_sx_time(seconds: status.btime_s, nanoseconds: status.btime_ns, reserved: 0)
        out.stat.ctime = cf_sx_time(seconds: status.ctime_s, nanoseconds: status.ctime_ns, reserved: 0)
        out.stat.mtime = cf_sx_time(seconds: status.mtime_s, nanoseconds: status.mtime_ns, reserved: 0)
        out.stat.rdev_major = attr.rdev >> 8 & 0xfff
        out.stat.rdev_minor = attr.rdev & 0xff | attr.rdev >> 12 & 0xfff00
        exchange.body.storeBytes(of: out, as: cf_statx_out.self)
        return MemoryLayout<cf_statx_out>.size
    }

    func getAttribute(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_getxattr_in.self),
            let name = exchange.name(after: MemoryLayout<fuse_getxattr_in>.size)
        else { throw Errno.invalid }
        let value = try union.attribute(node(exchange.head.nodeid), name.path)
        return try encode(value, room: argument.size, exchange)
    }

    func listAttributes(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_getxattr_in.self) else { throw Errno.invalid }
        let list = try union.attributeNames(node(exchange.head.nodeid), privileged: exchange.head.uid == 0)
        return try encode(list, room: argument.size, exchange)
    }

    /// The bytes, or with no room their number.
    private func encode(_ bytes: [UInt8], room: UInt32, _ exchange: borrowing Exchange) throws(Errno) -> Int {
        if room == 0 {
            exchange.body.storeBytes(
                of: fuse_getxattr_out(size: UInt32(bytes.count), padding: 0), as: fuse_getxattr_out.self)
            return MemoryLayout<fuse_getxattr_out>.size
        }
        guard bytes.count <= Int(room) else { throw Errno.range }
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { memcpy(exchange.body, base, source.count) }
        }
        return bytes.count
    }

    func setAttribute(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        // FUSE_SETXATTR_EXT was agreed on: the longer structure.
        guard let argument = exchange.argument(fuse_setxattr_in.self) else { throw Errno.invalid }
        let start = MemoryLayout<fuse_setxattr_in>.size
        guard let name = exchange.name(after: start),
            let value = exchange.bytes(after: start + name.count + 1, count: Int(argument.size))
        else { throw Errno.invalid }
        try union.setAttribute(
            node(exchange.head.nodeid), name.path, value, flags: Int32(truncatingIfNeeded: argument.flags),
            dropsSetGID: argument.setxattr_flags & UInt32(FUSE_SETXATTR_ACL_KILL_SGID) != 0)
        return 0
    }

    func fileSystemStatus(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        let status = try union.fileSystemStatus()
        var out = fuse_statfs_out()
        out.st.blocks = status.blocks
        out.st.bfree = status.bfree
        out.st.bavail = status.bavail
        out.st.files = status.files
        out.st.ffree = status.ffree
        out.st.bsize = status.bsize
        out.st.namelen = status.namelen
        out.st.frsize = status.frsize
        exchange.body.storeBytes(of: out, as: fuse_statfs_out.self)
        return MemoryLayout<fuse_statfs_out>.size
    }
}
