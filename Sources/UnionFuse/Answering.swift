import CFuse
import CLinux
import Glibc
import Linux
import Synchronization
import Union

extension Session {
    /// Decodes, calls the union, encodes. Returns the payload's size in `exchange.body`, or nil where no reply is due.
    func answer(_ exchange: borrowing Exchange) throws(Errno) -> Int? {
        let head = exchange.head
        switch fuse_opcode(head.opcode) {
        case FUSE_INIT:
            let count = try initialize(exchange)
            exchange.reply(to: device, count: count)
            becomeReady()
            return nil
        case FUSE_DESTROY: return 0
        case FUSE_FORGET:
            if let argument = exchange.argument(fuse_forget_in.self), head.nodeid != UInt64(FUSE_ROOT_ID) {
                union.forget(try node(head.nodeid), count: argument.nlookup)
            }
            return nil
        case FUSE_BATCH_FORGET:
            try forgetMany(exchange)
            return nil
        // An interrupted call ends by itself: none of ours waits for another client.
        case FUSE_INTERRUPT: return nil

        case FUSE_LOOKUP: return try lookup(exchange)
        case FUSE_GETATTR:
            let node = try node(head.nodeid)
            return encode(try union.status(node), of: node, exchange)
        case fuse_opcode(UInt32(CF_STATX)): return try extendedStatus(exchange)
        case FUSE_SETATTR: return try setStatus(exchange)
        case FUSE_READLINK:
            let room = UnsafeMutableRawBufferPointer(start: exchange.body, count: 4096)
            return try union.readLink(node(head.nodeid), into: room)
        case FUSE_MKNOD, FUSE_MKDIR, FUSE_SYMLINK: return try make(exchange)
        case FUSE_CREATE: return try createFile(exchange)
        case FUSE_TMPFILE: return try createUnnamed(exchange)
        case FUSE_UNLINK: return try removeName(exchange, directory: false)
        case FUSE_RMDIR: return try removeName(exchange, directory: true)
        case FUSE_RENAME, FUSE_RENAME2: return try rename(exchange)
        case FUSE_LINK: return try link(exchange)

        // The kernel opens files without asking from now on (fuse_file_open).
        case FUSE_OPEN: return features.unaskedOpens ? askNoMore(exchange) : try open(exchange)
        case FUSE_RELEASE: return try release(exchange)
        case FUSE_READ: return try read(exchange)
        case FUSE_WRITE: return try write(exchange)
        // Nothing of ours is due at close(2): the kernel stops asking.
        case FUSE_FLUSH: return askNoMore(exchange)
        case FUSE_FSYNC, FUSE_FSYNCDIR: return try sync(exchange)
        case FUSE_FALLOCATE: return try allocate(exchange)
        case FUSE_LSEEK: return try seek(exchange)
        case FUSE_COPY_FILE_RANGE: return try copyRange(exchange, wide: false)
        case fuse_opcode(UInt32(CF_COPY_FILE_RANGE_64)): return try copyRange(exchange, wide: true)
        case FUSE_IOCTL: return try control(exchange)

        // The kernel opens directories without asking from now on, and keeps their listings (fuse_file_open).
        case FUSE_OPENDIR:
            if options.levers.contains(.opendir) { return askNoMore(exchange) }
            let flags = UInt32(FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR)
            exchange.body.storeBytes(of: cf_open_out(fh: 0, open_flags: flags, backing_id: 0), as: cf_open_out.self)
            return MemoryLayout<cf_open_out>.size
        case FUSE_RELEASEDIR: return 0
        case FUSE_READDIR: return try readDirectory(exchange, plus: false)
        case FUSE_READDIRPLUS: return try readDirectory(exchange, plus: true)

        case FUSE_GETXATTR: return try getAttribute(exchange)
        case FUSE_LISTXATTR: return try listAttributes(exchange)
        case FUSE_SETXATTR: return try setAttribute(exchange)
        case FUSE_REMOVEXATTR:
            guard let name = exchange.name(after: 0) else { throw Errno.invalid }
            try union.removeAttribute(node(head.nodeid), name.path, caller: caller(exchange))
            if strcmp(name.path, "security.capability") == 0 { removedCapabilities(of: head.nodeid) }
            return 0
        case FUSE_STATFS: return try fileSystemStatus(exchange)
        default: return askNoMore(exchange)
        }
    }

    /// The kernel takes ENOSYS for a word about all requests of this kind.
    private func askNoMore(_ exchange: borrowing Exchange) -> Int? {
        exchange.reply(to: device, error: .notImplemented)
        return nil
    }

    @inline(__always)
    func node(_ id: UInt64) throws(Errno) -> NodeID {
        if id == UInt64(FUSE_ROOT_ID) { return union.rootNode }
        guard let node = NodeID(address: UInt(id)) else { throw Errno.stale }
        return node
    }

    func nodeNumber(_ node: NodeID) -> UInt64 {
        node == union.rootNode && !options.isBelowRoot ? UInt64(FUSE_ROOT_ID) : UInt64(node.address)
    }

    func caller(_ exchange: borrowing Exchange, umask: UInt32 = 0) -> Caller {
        Caller(uid: exchange.head.uid, gid: exchange.head.gid, umask: umask, process: exchange.head.pid)
    }

    // MARK: Encoding. Nobody changes the tree behind our back: what is said once holds for ever.

    static let forEver = UInt64(UInt32.max >> 2)

    func attributes(_ status: Status) -> fuse_attr {
        var attr = fuse_attr()
        attr.ino = status.ino
        attr.size = status.size
        attr.blocks = status.blocks
        attr.atime = UInt64(bitPattern: status.atime_s)
        attr.mtime = UInt64(bitPattern: status.mtime_s)
        attr.ctime = UInt64(bitPattern: status.ctime_s)
        attr.atimensec = status.atime_ns
        attr.mtimensec = status.mtime_ns
        attr.ctimensec = status.ctime_ns
        attr.mode = status.mode
        attr.nlink = status.nlink
        attr.uid = status.uid
        attr.gid = status.gid
        attr.rdev = device32(status.rdev)
        attr.blksize = status.blksize
        return attr
    }

    /// new_encode_dev() of the kernel.
    private func device32(_ device: UInt64) -> UInt32 {
        let major = UInt32(truncatingIfNeeded: device >> 8 & 0xfff | device >> 32 & 0xffff_f000)
        let minor = UInt32(truncatingIfNeeded: device & 0xff | device >> 12 & 0xffff_ff00)
        return minor & 0xff | major << 8 | (minor & ~0xff) << 12
    }

    func entry(_ entry: Entry) -> fuse_entry_out { self.entry(entry.node, entry.status) }

    func entry(_ node: NodeID, _ status: Status) -> fuse_entry_out {
        var out = fuse_entry_out()
        out.nodeid = nodeNumber(node)
        // Where the name decides what a change copies up, each use of it is told.
        out.entry_valid = union.followsNames(of: node) ? 0 : Self.forEver
        out.attr_valid = attributesHold(node) ? Self.forEver : 0
        out.attr = attributes(status)
        return out
    }

    func encode(_ status: Status, of node: NodeID, _ exchange: borrowing Exchange) -> Int {
        var out = fuse_attr_out()
        out.attr_valid = attributesHold(node) ? Self.forEver : 0
        out.attr = attributes(status)
        exchange.body.storeBytes(of: out, as: fuse_attr_out.self)
        return MemoryLayout<fuse_attr_out>.size
    }

    func encode(_ entry: Entry, _ exchange: borrowing Exchange) -> Int {
        exchange.body.storeBytes(of: self.entry(entry), as: fuse_entry_out.self)
        return MemoryLayout<fuse_entry_out>.size
    }
}
