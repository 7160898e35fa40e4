import CFuse
import CLinux
import Glibc
import Linux
import Union

/// What a handle's number says of how it was opened.
enum Handle {
    static let passthrough: UInt64 = 1
    static let cached: UInt64 = 2
    static let passthroughWriter: UInt64 = 3
}

/// Requests about open files. All handles of a node share its descriptors, so the handle says nothing.
extension Session {
    func open(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_open_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let flags = OpenFlags(rawValue: Int32(truncatingIfNeeded: argument.flags))
        try union.open(node, writing: flags.writes, truncate: flags.contains(.truncate))
        if argument.open_flags & UInt32(FUSE_OPEN_KILL_SUIDGID) != 0 {
            try? union.dropSetID(node, caller(exchange))
            // Truncating may have taken them away already, and the reply has no room for the new mode.
            invalidateAttributes(node)
        }
        let reply = openedReply(node, writing: flags.writes)
        // What the kernel knows of its times and size may grow old without a request.
        if reply.fh == Handle.passthroughWriter { invalidateAttributes(node) }
        exchange.body.storeBytes(of: reply, as: cf_open_out.self)
        return MemoryLayout<cf_open_out>.size
    }

    /// In a mount without an upper, a file of so many bytes passes through: reading it then costs no request, and its pages
    /// are in memory once. To open it costs more, which a smaller one does not give back.
    private static let passingSize: UInt64 = 128 << 10

    /// How the kernel treats the handle: passing through to the real file where nothing will take its place while it is open
    /// and no cached handle is open, otherwise through its page cache. `known`: the file's status, where somebody has just asked.
    func openedReply(_ node: NodeID, writing: Bool, known: Status? = nil) -> cf_open_out {
        var out = cf_open_out()
        let cached = UInt32(FOPEN_KEEP_CACHE) | UInt32(FOPEN_NOFLUSH)
        if union.isWriteOnly(node) {
            out.open_flags = UInt32(FOPEN_DIRECT_IO)
            return out
        }
        out.open_flags = cached
        guard features.passthrough else { return out }
        let descriptor = (try? union.writingDescriptor(node)) ?? (try? union.readingDescriptor(node))
        guard let descriptor else { return out }
        let passes = mayPassThrough(node, descriptor, known)
        union.withSessionState(node) { state in
            // Once one handle passes through, all have to.
            if state.cachedOpens == 0, passes || state.passthroughOpens > 0 {
                if state.backingID == 0 { state.backingID = max(0, cf_backing_open(device, descriptor.raw)) }
                if state.backingID > 0 {
                    state.passthroughOpens += 1
                    state.stale = true
                    out.fh = writing ? Handle.passthroughWriter : Handle.passthrough
                    if writing { state.passthroughWriters += 1 }
                    out.open_flags = UInt32(CF_FOPEN_PASSTHROUGH)
                    out.backing_id = state.backingID
                    return
                }
            }
            state.cachedOpens += 1
            out.fh = Handle.cached
            if state.stale {
                out.open_flags = UInt32(FOPEN_NOFLUSH)
                state.stale = false
            }
        }
        return out
    }

    private func mayPassThrough(_ node: NodeID, _ descriptor: FD, _ known: Status?) -> Bool {
        guard union.isReadOnly || union.isInUpper(node), let status = known ?? (try? descriptor.status()) else {
            return false
        }
        // A write that passes through takes no set-id bit away: the kernel leaves that to a server that sees it.
        return union.isReadOnly ? status.size >= Self.passingSize : status.mode & 0o6000 == 0
    }

    func release(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_release_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        if argument.fh != 0 {
            union.withSessionState(node) { state in
                if argument.fh != Handle.cached {
                    if argument.fh == Handle.passthroughWriter {
                        state.passthroughWriters -= min(1, state.passthroughWriters)
                    }
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
        if argument.fh == Handle.passthroughWriter { invalidateAttributes(node) }
        union.close(node)
        return 0
    }

    /// Whether what is said of the attributes holds: not while somebody may write past us.
    func attributesHold(_ node: NodeID) -> Bool {
        if !features.passthrough { return true }
        return (union.withSessionState(node) { $0.passthroughWriters == 0 }) ?? true
    }

    /// nil when the reply is sent already.
    func read(_ exchange: borrowing Exchange) throws(Errno) -> Int? {
        guard let argument = exchange.argument(fuse_read_in.self) else { throw Errno.invalid }
        return try union.withReadingDescriptor(node(exchange.head.nodeid)) { (fd) throws(Errno) in
            try read(argument, from: fd, exchange)
        }
    }

    private func read(_ argument: fuse_read_in, from fd: FD, _ exchange: borrowing Exchange) throws(Errno) -> Int? {
        let size = min(Int(argument.size), Exchange.payload)
        var done = 0
        if options.levers.contains(.splice), size >= DataPipe.worthwhile,
            argument.offset <= UInt64(Int64.max) - UInt64(size)
        {
            let length = try fd.status().size
            let available = min(size, Int(clamping: length - min(length, argument.offset)))
            let outcome = exchange.pipe?.answer(
                exchange, from: fd, offset: Int64(argument.offset), available: available, to: device)
            switch outcome {
            case .sent: return nil
            case .read(let count): done = count
            case .refused, nil: break
            }
        }
        while done < size {
            let offset = Int64(bitPattern: argument.offset &+ UInt64(done))
            let result = cl_pread(fd.raw, exchange.body + done, size - done, offset)
            if result == -4 { continue }
            // Not what was read so far: for the kernel a short answer is the end of the file (fuse_short_read). After an error
            // it asks again, page by page.
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
        // Pages that the kernel gathered: it has taken set-id bits and capabilities away if this was write(2), and what
        // is still there, because it was a mapping, stays.
        let fromCache = argument.write_flags & UInt32(FUSE_WRITE_CACHE) != 0
        let capability = fromCache ? try fd.attribute("", "security.capability") : nil
        let mode = fromCache && !keepsSetID ? try fd.status().mode & 0o7777 : 0
        var result = cl_pwrite(fd.raw, bytes.baseAddress, bytes.count, Int64(bitPattern: argument.offset))
        while result == -4 {
            result = cl_pwrite(fd.raw, bytes.baseAddress, bytes.count, Int64(bitPattern: argument.offset))
        }
        let count = try check(result)
        if mode & 0o6000 != 0 { try? fd.setMode("", mode) }
        if let capability { try? fd.setAttribute("", "security.capability", capability) }
        if argument.write_flags & UInt32(FUSE_WRITE_KILL_SUIDGID) != 0 { try union.dropSetID(node, caller(exchange)) }
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
        let node = try node(exchange.head.nodeid)
        let fd = try union.writingDescriptor(node)
        try check(
            cl_fallocate(
                fd.raw, Int32(truncatingIfNeeded: argument.mode), Int64(bitPattern: argument.offset),
                Int64(bitPattern: argument.length)))
        // No flag tells who may keep set-id bits here; root may.
        if exchange.head.uid != 0 { try union.dropSetID(node, caller(exchange)) }
        return 0
    }

    func seek(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_lseek_in.self) else { throw Errno.invalid }
        let result = try union.withReadingDescriptor(node(exchange.head.nodeid)) { (fd) throws(Errno) in
            try check(
                cl_lseek(fd.raw, Int64(bitPattern: argument.offset), Int32(truncatingIfNeeded: argument.whence)))
        }
        exchange.body.storeBytes(of: fuse_lseek_out(offset: UInt64(result)), as: fuse_lseek_out.self)
        return MemoryLayout<fuse_lseek_out>.size
    }

    func copyRange(_ exchange: borrowing Exchange, wide: Bool) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_copy_file_range_in.self) else { throw Errno.invalid }
        let source = try union.readingDescriptor(node(exchange.head.nodeid))
        let copy = try node(argument.nodeid_out)
        let target = try union.writingDescriptor(copy)
        var input = Int64(bitPattern: argument.off_in)
        var output = Int64(bitPattern: argument.off_out)
        let limit: UInt64 = wide ? 1 << 40 : 0x7fff_f000
        let count = try check(
            cl_copy_file_range(source.raw, &input, target.raw, &output, Int(min(argument.len, limit))))
        if exchange.head.uid != 0 { try union.dropSetID(copy, caller(exchange)) }
        if wide {
            exchange.body.storeBytes(
                of: cf_copy_file_range_out(bytes_copied: UInt64(count)), as: cf_copy_file_range_out.self)
        } else {
            exchange.body.storeBytes(of: fuse_write_out(size: UInt32(count), padding: 0), as: fuse_write_out.self)
        }
        return 8
    }

    /// FS_IOC_GETFLAGS, SETFLAGS, FSGETXATTR and FSSETXATTR pass through (SEMANTICS 8.2).
    func control(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_ioctl_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let start = MemoryLayout<fuse_ioctl_out>.size
        let room = exchange.body + start
        exchange.body.storeBytes(of: fuse_ioctl_out(), as: fuse_ioctl_out.self)
        // _IOR('f', 1, long) and _IOW('f', 2, long), which carry 32 bits; _IOR and _IOW('X', 31 and 32, struct fsxattr).
        let (size, changes): (Int, Bool)
        switch argument.cmd {
        case 0x8008_6601: (size, changes) = (4, false)
        case 0x4008_6602: (size, changes) = (4, true)
        case 0x801c_581f: (size, changes) = (28, false)
        case 0x401c_5820: (size, changes) = (28, true)
        default: throw Errno.notTerminal
        }
        memset(room, 0, 32)
        if changes {
            guard let bytes = exchange.bytes(after: MemoryLayout<fuse_ioctl_in>.size, count: size),
                let base = bytes.baseAddress
            else { throw Errno.invalid }
            memcpy(room, base, size)
        }
        try union.control(node, request: UInt(argument.cmd), changes: changes, room)
        // The change time is another one, which the kernel does not expect of an ioctl.
        if changes { invalidateAttributes(node) }
        return start + (changes ? 0 : min(size, Int(argument.out_size)))
    }
}
