import CLinux
import Glibc
public import Linux

/// One directory as it was when it was opened or rewound: every merged name once, whiteouts left out (SEMANTICS 3).
///
/// Its order is that of the names' hashes, and so are the cookies: a reader that goes on in another listing of the
/// directory, as the kernel lets it do where it caches listings, sees every name that is in both exactly once.
public final class Listing: @unchecked Sendable {
    struct Item {
        /// Where the name begins in `names`.
        var offset: UInt32
        var length: UInt8
        var type: UInt8
        var flags: Flags
        var layer: UInt16
        var inode: UInt64
        /// From `firstCookie` upwards, ascending through the listing.
        var cookie: UInt64 = 0

        struct Flags: OptionSet {
            let rawValue: UInt8
            /// Its number is known only by looking it up: copied up, or a directory in several layers.
            static let lookUp = Flags(rawValue: 1)
            static let whiteout = Flags(rawValue: 2)
        }
    }

    var items: [Item] = []
    var names: [UInt8] = []

    /// Smaller ones are left for "." and "..".
    public static let firstCookie: UInt64 = 16

    /// How many names, "." and ".." not among them.
    public var count: Int { items.count }

    /// The cookie of the name at `position`: where a reader that has seen it goes on.
    public func cookie(at position: Int) -> UInt64 { items[position].cookie }

    /// The first position whose cookie is greater.
    public func position(after cookie: UInt64) -> Int {
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if items[middle].cookie > cookie { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Puts the names in the order of their cookies.
    fileprivate func sort() {
        names.withUnsafeBufferPointer { all in
            for position in items.indices {
                let item = items[position]
                let name = UnsafeBufferPointer(rebasing: all[Int(item.offset)..<Int(item.offset) + Int(item.length)])
                // 62 bits: an offset is a positive number.
                items[position].cookie = max(Self.firstCookie, Self.mixed(Merger.hash(name)) >> 2)
            }
            items.sort { $0.cookie < $1.cookie }
        }
        for position in items.indices.dropFirst() where items[position].cookie <= items[position - 1].cookie {
            items[position].cookie = items[position - 1].cookie + 1
        }
    }

    /// The finaliser of MurmurHash3.
    private static func mixed(_ hash: UInt) -> UInt64 {
        var hash = UInt64(hash)
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ hash >> 33
    }

    func withName<Result>(_ item: Item, _ body: (Name) throws(Errno) -> Result) throws(Errno) -> Result {
        let outcome = names.withUnsafeBufferPointer { buffer -> Swift.Result<Result, Errno> in
            guard let base = buffer.baseAddress else { return .failure(.io) }
            let path = UnsafeRawPointer(base + Int(item.offset)).assumingMemoryBound(to: CChar.self)
            do throws(Errno) { return .success(try body(Name(path: path, count: Int(item.length)))) } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}

/// Collects entries of several layers, the upper ones first.
struct Merger {
    let listing = Listing()
    /// Open addressing over positions in `listing.items`, -1 where free; only while more than one layer is read.
    private var slots: [Int32] = []
    private var mask = 0
    let several: Bool

    init(several: Bool) { self.several = several }

    /// FNV-1a.
    fileprivate static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt {
        var hash: UInt = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    private func firstSlot(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = Self.hash(name)
        return Int(truncatingIfNeeded: hash ^ hash >> 31) & mask
    }

    /// The position of a name, if it was seen.
    private func slot(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = firstSlot(name)
        while slots[slot] >= 0 {
            let item = listing.items[Int(slots[slot])]
            if Int(item.length) == name.count {
                let same = listing.names.withUnsafeBufferPointer { all in
                    memcmp(
                        all.baseAddress.unsafelyUnwrapped + Int(item.offset), name.baseAddress.unsafelyUnwrapped,
                        name.count) == 0
                }
                if same { return slot }
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// Adds a name of a layer; false when a layer above has it.
    mutating func add(
        _ name: UnsafeBufferPointer<UInt8>, type: UInt8, inode: UInt64, layer: Int, flags: Listing.Item.Flags
    ) -> Bool {
        if several {
            if (listing.items.count + 1) * 2 > slots.count { grow() }
            let slot = slot(name)
            if slots[slot] >= 0 {
                let position = Int(slots[slot])
                // A directory below a directory: its number may be the lower's.
                if type == 4, listing.items[position].type == 4 { listing.items[position].flags.insert(.lookUp) }
                return false
            }
            slots[slot] = Int32(listing.items.count)
        }
        listing.items.append(
            Listing.Item(
                offset: UInt32(clamping: listing.names.count), length: UInt8(clamping: name.count), type: type,
                flags: flags, layer: UInt16(clamping: layer), inode: inode))
        listing.names.append(contentsOf: name)
        listing.names.append(0)
        return true
    }

    private mutating func grow() {
        let capacity = max(64, slots.count * 2)
        slots = [Int32](repeating: -1, count: capacity)
        mask = capacity - 1
        for position in listing.items.indices {
            let item = listing.items[position]
            let slot = listing.names.withUnsafeBufferPointer { all in
                slotForRehash(
                    UnsafeBufferPointer(rebasing: all[Int(item.offset)..<Int(item.offset) + Int(item.length)]))
            }
            slots[slot] = Int32(position)
        }
    }

    private func slotForRehash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = firstSlot(name)
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        return slot
    }

    /// Without the whiteouts, in order.
    consuming func finished() -> Listing {
        if several { listing.items.removeAll { $0.flags.contains(.whiteout) } }
        listing.sort()
        return listing
    }
}

extension Union {
    /// Reads the merged directory (SEMANTICS 3). The names gate is not needed: what changes meanwhile may be seen or not.
    ///
    /// - Throws: EACCES, EIO or what a layer says.
    public func list(_ node: NodeID) throws(Errno) -> Listing {
        let node = node.node
        guard let directory = node.pointee.directory else { throw Errno.notDirectory }
        if node.pointee.flags.contains(.removed) { return Listing() }
        let parts = (directory.pointee.upper.map { [$0] } ?? []) + directory.pointee.lowers
        var merger = Merger(several: parts.count > 1)
        for (position, part) in parts.enumerated() {
            try read(part, into: &merger, isLast: position == parts.count - 1)
        }
        return merger.finished()
    }

    /// Adds the entries of one layer's directory.
    private func read(_ part: LayerDirectory, into merger: inout Merger, isLast: Bool) throws(Errno) {
        if part.pointee.covered { return }
        let fd: FD
        do throws(Errno) { fd = try pin(part) } catch {
            switch error {
            case .crossDevice: return part.pointee.covered = true
            case .noEntry, .notDirectory, .loop: return
            default: throw error
            }
        }
        defer { unpin(part) }
        let layer = part.pointee.layer
        let readsFiles = configuration.whiteouts != .device
        let impure = layer == 0 && isImpure(part, fd)
        let open = try retryingWithoutIdleDirectories { () throws(Errno) in try openToList(fd) }
        var hidden: [[UInt8]] = []
        try open.fd.forEachEntry { (entry) throws(Errno) in
            if readsFiles, entry.name.count >= 4, memcmp(entry.path, ".wh.", 4) == 0 {
                if entry.name.count > 4 { hidden.append(Array(entry.name.dropFirst(4))) }
                return true
            }
            var flags: Listing.Item.Flags = impure ? .lookUp : []
            var type = entry.type
            if type == 0 || type == 2 || part.pointee.attributeWhiteouts && type == 8
                || readsOwnership(layer) && type == 8
            {
                let status = try? fd.status(entry.path)
                guard let status else { return true }
                type = UInt8(truncatingIfNeeded: status.type >> 12)
                if status.isWhiteout
                    || part.pointee.attributeWhiteouts && status.isRegular && status.size == 0
                        && isAttributeWhiteout(fd, Name(path: entry.path, count: entry.name.count))
                {
                    flags = .whiteout
                } else if readsOwnership(layer) {
                    type = UInt8(truncatingIfNeeded: overridden(status, fd, entry.path).type >> 12)
                }
            }
            if flags == .whiteout, isLast, !merger.several { return true }
            _ = merger.add(entry.name, type: type, inode: entry.inode, layer: layer, flags: flags)
            return true
        }
        // That the upper has none may be wrong by now: no gate is held.
        if !hidden.isEmpty {
            part.pointee.dotWhiteouts = .yes
        } else if readsFiles, layer != 0 {
            part.pointee.dotWhiteouts = .no
        }
        // After the layer's own names: a `.wh.` file beside its name hides nothing of its own layer.
        if !isLast {
            for name in hidden where !name.elementsEqual(".wh..opq".utf8) {
                name.withUnsafeBufferPointer { _ = merger.add($0, type: 0, inode: 0, layer: layer, flags: .whiteout) }
            }
        }
    }

    /// A layer's directory for reading, without touching its access time where it may be (SEMANTICS 1.5).
    func openToList(_ directory: FD) throws(Errno) -> Descriptor {
        do throws(Errno) { return try directory.open(".", [.readOnly, .directory, .noAccessTime]) } catch {
            switch error {
            // Somebody else's directory.
            case .notPermitted: return try directory.open(".", [.readOnly, .directory])
            // It may be read but not searched, not even for ".".
            case .access: return try directory.reopen([.readOnly, .directory])
            default: throw error
            }
        }
    }

    /// Whether the merged directory has no visible name.
    func isEmpty(_ node: Node) throws(Errno) -> Bool { try list(NodeID(node)).count == 0 }
}
