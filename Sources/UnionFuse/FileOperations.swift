import CFuse
import CLinux
import Glibc
import Linux
import Union

/// Requests about open files. All handles of a node share its descriptors, so the handle says nothing.
extension Session {
    func open(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_open_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let flags = OpenFlags(rawValue: Int32(truncatingIfNeeded: argument.flags))
        try union.open(node, writing: flags.writes, truncate: flags.contains(.truncate))
        if argument.open_flags & UInt32(FUSE_OPEN_KILL_SUIDGID) != 0 { try? union.dropSetID(node) }
        exchange.body.storeBytes(of: openedReply(node, writing: flags.writes), as: cf_open_out.self)
        return MemoryLayout<cf_open_out>.size
    }

    /// How the kernel treats the handle: passing through to the upper's file where that is possible and no cached handle
    /// is open, otherwise through its page cache.
    func openedReply(_ node: NodeID, writing: Bool) -> cf_open_out {
        var out = cf_open_out()
        let cached = UInt32(FOPEN_KEEP_CACHE) | UInt32(FOPEN_NOFLUSH)
        if union.isWriteOnly(node) {
            out.open_flags = UInt32(FOPEN_DIRECT_IO)
            return out
        }
        out.open_flags = cached
        guard features.passthrough else { return out }
        let descriptor = (try? union.writingDescriptor(node)) ?? (try? union.readingDescriptor(node))
        let inUpper = union.isInUpper(node)
        union.withSessionState(node) { state in
            if state.cachedOpens == 0, inUpper, let descriptor {
                if state.backingID == 0 { state.backingID = max(0, cf_backing_open(device, descriptor.raw)) }
                if state.backingID > 0 {
                    state.passthroughOpens += 1
                    state.stale = true
                    out.fh = 1
                    out.open_flags = UInt32(CF_FOPEN_PASSTHROUGH)
                    out.backing_id = state.backingID
                    return
                }
            }
            if state.passthroughOpens > 0 {
                out.open_flags = UInt32(FOPEN_DIRECT_IO)
                return
            }
            state.cachedOpens += 1
            out.fh = 2
            if state.stale {
                out.open_flags = UInt32(FOPEN_NOFLUSH)
                state.stale = false
            }
        }
        return out
    }

    func release(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_release_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        if argument.fh != 0 {
            union.withSessionState(node) { state in
                if argument.fh == 1 {
                    state.passthroughOpens -= min(1, state.passthroughOpens)
                    if state.passthroughOpens == 0, state.backingID > 0 {
                        _ = cf_backing_close(device, state.backingID)
                        state.backingID = 0
                    }
                } else {
                    state.cachedOpens -= min(1, state.cachedOpens)
                }
            }
        }
        union.close(node)
        return 0
    }

    func read(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_read_in.self) else { throw Errno.invalid }
        let fd = try union.readingDescriptor(node(exchange.head.nodeid))
        let size = min(Int(argument.size), Exchange.payload)
        var done = 0
        while done < size {
            let offset = Int64(bitPattern: argument.offset &+ UInt64(done))
            let result = cl_pread(fd.raw, exchange.body + done, size - done, offset)
            if result == -4 { continue }
            if result < 0, done > 0 { break }
            let count = try check(result)
            done += count
            if count == 0 { break }
        }
        return done
    }

    func write(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_write_in.self),
            let bytes = exchange.bytes(after: MemoryLayout<fuse_write_in>.size, count: Int(argument.size))
        else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let fd = try union.writingDescriptor(node)
        var result = cl_pwrite(fd.raw, bytes.baseAddress, bytes.count, Int64(bitPattern: argument.offset))
        while result == -4 {
            result = cl_pwrite(fd.raw, bytes.baseAddress, bytes.count, Int64(bitPattern: argument.offset))
        }
        let count = try check(result)
        if argument.write_flags & UInt32(FUSE_WRITE_KILL_SUIDGID) != 0 { try union.dropSetID(node) }
        exchange.body.storeBytes(of: fuse_write_out(size: UInt32(count), padding: 0), as: fuse_write_out.self)
        return MemoryLayout<fuse_write_out>.size
    }

    func sync(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_fsync_in.self) else { throw Errno.invalid }
        try union.sync(node(exchange.head.nodeid), dataOnly: argument.fsync_flags & UInt32(FUSE_FSYNC_FDATASYNC) != 0)
        return 0
    }

    func allocate(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_fallocate_in.self) else { throw Errno.invalid }
        let fd = try union.writingDescriptor(node(exchange.head.nodeid))
        try check(
            cl_fallocate(
                fd.raw, Int32(truncatingIfNeeded: argument.mode), Int64(bitPattern: argument.offset),
                Int64(bitPattern: argument.length)))
        return 0
    }

    func seek(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_lseek_in.self) else { throw Errno.invalid }
        let fd = try union.readingDescriptor(node(exchange.head.nodeid))
        let result = try check(
            cl_lseek(fd.raw, Int64(bitPattern: argument.offset), Int32(truncatingIfNeeded: argument.whence)))
        exchange.body.storeBytes(of: fuse_lseek_out(offset: UInt64(result)), as: fuse_lseek_out.self)
        return MemoryLayout<fuse_lseek_out>.size
    }

    func copyRange(_ exchange: borrowing Exchange, wide: Bool) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_copy_file_range_in.self) else { throw Errno.invalid }
        let source = try union.readingDescriptor(node(exchange.head.nodeid))
        let target = try union.writingDescriptor(node(argument.nodeid_out))
        var input = Int64(bitPattern: argument.off_in)
        var output = Int64(bitPattern: argument.off_out)
        let limit: UInt64 = wide ? 1 << 40 : 0x7fff_f000
        let count = try check(
            cl_copy_file_range(source.raw, &input, target.raw, &output, Int(min(argument.len, limit))))
        if wide {
            exchange.body.storeBytes(
                of: cf_copy_file_range_out(bytes_copied: UInt64(count)), as: cf_copy_file_range_out.self)
        } else {
            exchange.body.storeBytes(of: fuse_write_out(size: UInt32(count), padding: 0), as: fuse_write_out.self)
        }
        return 8
    }

    /// FS_IOC_GETFLAGS and FS_IOC_SETFLAGS pass through (SEMANTICS 8.2).
    func control(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_ioctl_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let start = MemoryLayout<fuse_ioctl_out>.size
        // _IOR('f', 1, long) and _IOW('f', 2, long); what is carried is 32 bits.
        switch argument.cmd {
        case 0x8008_6601:
            let flags = try union.inodeFlags(node)
            exchange.body.storeBytes(of: fuse_ioctl_out(), as: fuse_ioctl_out.self)
            (exchange.body + start).storeBytes(of: flags, as: UInt32.self)
            return start + min(4, Int(argument.out_size))
        case 0x4008_6602:
            guard let bytes = exchange.bytes(after: MemoryLayout<fuse_ioctl_in>.size, count: 4) else { throw Errno.invalid }
            try union.setInodeFlags(node, bytes.loadUnaligned(as: UInt32.self))
            exchange.body.storeBytes(of: fuse_ioctl_out(), as: fuse_ioctl_out.self)
            return start
        default: throw Errno.notTerminal
        }
    }
}
