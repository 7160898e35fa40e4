import CFuse
import CLinux
import Glibc
import Linux
import Union

extension Session {
    /// Cookies: 1 is after ".", 2 after "..", then the listing's own.
    func readDirectory(_ exchange: borrowing Exchange, plus: Bool) throws(Errno) -> Int {
        guard let argument = exchange.argument(fuse_read_in.self) else { throw Errno.invalid }
        let node = try node(exchange.head.nodeid)
        let listing = try listings.listing(union, node, begins: argument.offset == 0)
        var writer = EntryWriter(base: exchange.body, limit: min(Int(argument.size), Exchange.payload), plus: plus)
        for cookie in argument.offset..<max(argument.offset, 2) {
            let number = cookie == 0 ? try union.status(node).ino : union.parentNumber(node)
            if !writer.addDots(two: cookie == 1, inode: number, cookie: cookie + 1) { return writer.count }
        }
        for position in listing.position(after: argument.offset)..<listing.count {
            if try !add(listing, position, of: node, cookie: listing.cookie(at: position), to: &writer) { break }
        }
        if writer.count == 0 { listings.drop(union, node) }
        return writer.count
    }

    /// So many entries of a listing carry attributes: whoever lists a directory mostly asks for them next, name by name
    /// (ls -l, find, tar). The rest of a huge one does not, because each costs memory here and in the kernel.
    private static let mostWithAttributes = 1 << 15

    /// Adds one entry; true also for one that has gone.
    private func add(
        _ listing: Listing, _ position: Int, of node: NodeID, cookie: UInt64, to writer: inout EntryWriter
    ) throws(Errno) -> Bool {
        if writer.plus, position < Self.mostWithAttributes {
            let added = try union.name(listing, at: position) { (name) throws(Errno) -> Bool? in
                guard writer.hasRoom(name) else { return false }
                do throws(Errno) {
                    guard let found = try union.lookup(node, listing, position, name) else { return true }
                    let type = UInt8(truncatingIfNeeded: found.status.type >> 12)
                    writer.add(name, inode: found.status.ino, type: type, cookie: cookie, entry: entry(found))
                    return true
                } catch {
                    // Listed without attributes: the error belongs to who asks for it.
                    return nil
                }
            }
            if let added { return added }
        }
        return try union.entry(listing, at: position, of: node) { (entry) throws(Errno) in
            guard writer.hasRoom(entry.name) else { return false }
            writer.add(entry.name, inode: entry.inode, type: entry.type, cookie: cookie, entry: nil)
            return true
        } ?? true
    }
}

/// Writes `struct fuse_dirent` and `struct fuse_direntplus` one after another.
struct EntryWriter {
    private let base: UnsafeMutableRawPointer
    private let limit: Int
    let plus: Bool
    private(set) var count = 0

    init(base: UnsafeMutableRawPointer, limit: Int, plus: Bool) {
        self.base = base
        self.limit = limit
        self.plus = plus
    }

    private func size(_ length: Int) -> Int {
        // fuse_dirent: ino 8, off 8, namelen 4, type 4, name, padding to 8.
        (plus ? MemoryLayout<fuse_entry_out>.size : 0) + (24 + length + 7) & ~7
    }

    func hasRoom(_ name: Name) -> Bool { count + size(name.count) <= limit }

    mutating func add(_ name: Name, inode: UInt64, type: UInt8, cookie: UInt64, entry: fuse_entry_out?) {
        let total = size(name.count)
        var here = base + count
        if plus {
            here.storeBytes(of: entry ?? fuse_entry_out(), as: fuse_entry_out.self)
            here += MemoryLayout<fuse_entry_out>.size
        }
        here.storeBytes(of: inode, as: UInt64.self)
        here.storeBytes(of: cookie, toByteOffset: 8, as: UInt64.self)
        here.storeBytes(of: UInt32(name.count), toByteOffset: 16, as: UInt32.self)
        here.storeBytes(of: UInt32(type), toByteOffset: 20, as: UInt32.self)
        memcpy(here + 24, name.path, name.count)
        let padding = (8 - name.count & 7) & 7
        if padding > 0 { memset(here + 24 + name.count, 0, padding) }
        count += total
    }

    mutating func addDots(two: Bool, inode: UInt64, cookie: UInt64) -> Bool {
        let dots: StaticString = ".."
        return dots.withUTF8Buffer { bytes in
            guard let start = bytes.baseAddress else { return false }
            let path = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            let name = Name(path: path, count: two ? 2 : 1)
            guard hasRoom(name) else { return false }
            add(name, inode: inode, type: 4, cookie: cookie, entry: nil)
            return true
        }
    }
}
