import CFuse
import CLinux
import Glibc
import Linux
import Union

/// Requests about names: look up, create, remove, rename, link.
extension Session {
    func lookup(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let name = exchange.name(after: 0) else { throw Errno.invalid }
        if options.isBelowRoot, exchange.head.nodeid == UInt64(FUSE_ROOT_ID) {
            // Nobody but who mounts sees the root itself. The union's keeps its references, however often it is given back.
            let root = entry(union.rootNode, try union.status(union.rootNode))
            exchange.body.storeBytes(of: root, as: fuse_entry_out.self)
            return MemoryLayout<fuse_entry_out>.size
        }
        guard let found = try union.lookup(node(exchange.head.nodeid), name) else {
            if !options.levers.contains(.missing) { throw Errno.noEntry }
            // Node 0 with a timeout: the kernel remembers that there is no such name. An ENOENT it would not.
            var out = fuse_entry_out()
            out.entry_valid = Self.forEver
            exchange.body.storeBytes(of: out, as: fuse_entry_out.self)
            return MemoryLayout<fuse_entry_out>.size
        }
        return encode(found, exchange)
    }

    func forgetMany(_ exchange: borrowing Exchange) throws(Errno) {
        guard let argument = exchange.argument(fuse_batch_forget_in.self) else { throw Errno.invalid }
        let size = MemoryLayout<fuse_forget_one>.size
        let start = MemoryLayout<fuse_batch_forget_in>.size
        guard let list = exchange.bytes(after: start, count: Int(argument.count) * size) else { throw Errno.invalid }
        for index in 0..<Int(argument.count) {
            let one = list.loadUnaligned(fromByteOffset: index * size, as: fuse_forget_one.self)
            if one.nodeid == UInt64(FUSE_ROOT_ID) { continue }
            union.forget(try node(one.nodeid), count: one.nlookup)
        }
        union.trimMemory()
    }

    func make(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        let parent = try node(exchange.head.nodeid)
        switch fuse_opcode(exchange.head.opcode) {
        case FUSE_MKDIR:
            guard let argument = exchange.argument(fuse_mkdir_in.self),
                let name = exchange.name(after: MemoryLayout<fuse_mkdir_in>.size)
            else { throw Errno.invalid }
            return encode(
                try union.create(
                    parent, name, .directory, mode: argument.mode & 0o7777,
                    caller: caller(exchange, umask: argument.umask), absent: true), exchange)
        case FUSE_MKNOD:
            guard let argument = exchange.argument(fuse_mknod_in.self),
                let name = exchange.name(after: MemoryLayout<fuse_mknod_in>.size)
            else { throw Errno.invalid }
            let caller = caller(exchange, umask: argument.umask)
            let type = argument.mode & 0o170000
            if type == 0o100000 || type == 0 {
                let entry = try union.create(
                    parent, name, .file, mode: argument.mode & 0o7777, caller: caller, absent: true)
                union.close(entry.node)
                return encode(entry, exchange)
            }
            return encode(
                try union.create(
                    parent, name, .special(type: type, device: device64(argument.rdev)), mode: argument.mode & 0o7777,
                    caller: caller, absent: true), exchange)
        default:
            guard let name = exchange.name(after: 0), let target = exchange.name(after: name.count + 1) else {
                throw Errno.invalid
            }
            return encode(
                try union.create(
                    parent, name, .symlink(target: target.path), mode: 0o777, caller: caller(exchange), absent: true),
                exchange)
        }
    }

    /// The reverse of new_encode_dev(), as dev_t of the C library.
    private func device64(_ device: UInt32) -> UInt64 {
        let major = UInt64(device & 0xfff00) >> 8
        let minor = UInt64(device & 0xff | device >> 12 & 0xfff00)
        return (major & 0xfff) << 8 | minor & 0xff | (minor & ~0xff) << 12
    }

    func createFile(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_create_in.self),
            let name = exchange.name(after: MemoryLayout<fuse_create_in>.size)
        else { throw Errno.invalid }
        let entry = try union.create(
            node(exchange.head.nodeid), name, .file, mode: argument.mode & 0o7777,
            caller: caller(exchange, umask: argument.umask), absent: true)
        return encodeCreated(entry, exchange)
    }

    func createUnnamed(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_create_in.self) else { throw Errno.invalid }
        let entry = try union.createUnnamed(
            node(exchange.head.nodeid), mode: argument.mode & 0o7777, caller: caller(exchange, umask: argument.umask))
        return encodeCreated(entry, exchange)
    }

    private func encodeCreated(_ entry: Entry, _ exchange: borrowing Exchange) -> Int {
        let opened = openedReply(entry.node, writing: true, known: entry.status)
        var out = self.entry(entry)
        // Also where it passes through: of an empty file nothing can be mapped, and of whatever else would change it the
        // kernel knows.
        out.attr_valid = Self.forEver
        exchange.body.storeBytes(of: out, as: fuse_entry_out.self)
        let count = MemoryLayout<fuse_entry_out>.size
        (exchange.body + count).storeBytes(of: opened, as: cf_open_out.self)
        return count + MemoryLayout<cf_open_out>.size
    }

    func removeName(_ exchange: borrowing Exchange, directory: Bool) throws(Errno) -> Int {
        guard let name = exchange.name(after: 0) else { throw Errno.invalid }
        let parent = try node(exchange.head.nodeid)
        if directory { try union.removeDirectory(parent, name) } else { try union.unlink(parent, name) }
        return 0
    }

    func rename(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        let second = exchange.head.opcode == FUSE_RENAME2.rawValue
        guard let target = exchange.argument(fuse_rename_in.self)?.newdir else { throw Errno.invalid }
        let start = second ? MemoryLayout<fuse_rename2_in>.size : MemoryLayout<fuse_rename_in>.size
        let flags = second ? exchange.argument(fuse_rename2_in.self)?.flags ?? 0 : 0
        guard let old = exchange.name(after: start), let new = exchange.name(after: start + old.count + 1) else {
            throw Errno.invalid
        }
        let source = try node(exchange.head.nodeid)
        do throws(Errno) {
            try union.rename(source, old, to: node(target), new, flags: RenameFlags(rawValue: flags))
        } catch {
            // The file system below may have touched its directories before it refused.
            for parent in [source, try node(target)] { invalidateAttributes(parent) }
            throw error
        }
        return 0
    }

    func link(_ exchange: borrowing Exchange) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_link_in.self),
            let name = exchange.name(after: MemoryLayout<fuse_link_in>.size)
        else { throw Errno.invalid }
        return encode(
            try union.link(node(argument.oldnodeid), node(exchange.head.nodeid), name, absent: true), exchange)
    }
}
