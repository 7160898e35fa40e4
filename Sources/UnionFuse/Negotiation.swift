import CFuse
import CLinux
import Linux
import Union

extension Session {
    /// FUSE_INIT: what both sides can do.
    func initialize(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        // Kernels before 7.36 send a shorter structure.
        guard let minimum = exchange.argument(fuse_init_in_basic.self) else { throw Errno.invalid }
        guard minimum.major == 7, minimum.minor >= 31 else { throw Errno(71) }
        let offered2 = exchange.argument(fuse_init_in.self)?.flags2 ?? 0
        let offered = UInt64(minimum.flags) | UInt64(offered2) << 32

        var wanted: UInt64 = 0
        let levers = options.levers
        for flag in [
            FUSE_ASYNC_READ, FUSE_BIG_WRITES, FUSE_DONT_MASK, FUSE_ASYNC_DIO, FUSE_PARALLEL_DIROPS,
            FUSE_POSIX_ACL, FUSE_MAX_PAGES, FUSE_SETXATTR_EXT, FUSE_INIT_EXT,
        ] { wanted |= UInt64(flag) }
        if levers.contains(.readdirplus) { wanted |= UInt64(FUSE_DO_READDIRPLUS) }
        if levers.contains(.symlinks) { wanted |= UInt64(FUSE_CACHE_SYMLINKS) }
        if levers.contains(.killpriv) { wanted |= UInt64(FUSE_HANDLE_KILLPRIV_V2) }
        let passthroughFlag = UInt64(CF_INIT2_PASSTHROUGH) << 32
        features.passthrough =
            levers.contains(.passthrough) && offered & passthroughFlag != 0 && union.isAdministrator
            && union.mayPassThrough
        features.writeback = options.writeback && !features.passthrough && !union.isReadOnly
        // Nothing can be copied up, nothing passes through, and a name stands for the same file all the time: to open a file
        // means nothing.
        features.unaskedOpens =
            levers.contains(.open) && options.isImmutable && union.isReadOnly && !features.passthrough
            && offered & UInt64(FUSE_NO_OPEN_SUPPORT) != 0
        // Otherwise truncating is a SETATTR, which is refused also where somebody has remounted for writing.
        if !features.unaskedOpens { wanted |= UInt64(FUSE_ATOMIC_O_TRUNC) }
        if features.passthrough { wanted |= passthroughFlag }
        if features.writeback { wanted |= UInt64(FUSE_WRITEBACK_CACHE) }
        wanted &= offered

        var reply = cf_init_out()
        reply.major = 7
        reply.minor = min(minimum.minor, 40)
        reply.max_readahead = max(minimum.max_readahead, 1 << 20)
        reply.flags = UInt32(truncatingIfNeeded: wanted)
        reply.flags2 = UInt32(truncatingIfNeeded: wanted >> 32)
        reply.max_background = 64
        reply.congestion_threshold = 48
        reply.max_write = UInt32(Exchange.payload)
        reply.time_gran = 1
        reply.max_pages = UInt16(Exchange.payload / 4096)
        reply.max_stack_depth = features.passthrough ? 1 : 0
        exchange.body.storeBytes(of: reply, as: cf_init_out.self)
        return MemoryLayout<cf_init_out>.size
    }
}

/// What every kernel sends.
struct fuse_init_in_basic: BitwiseCopyable {
    var major: UInt32
    var minor: UInt32
    var max_readahead: UInt32
    var flags: UInt32
}
