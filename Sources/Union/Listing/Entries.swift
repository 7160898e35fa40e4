import CLinux
public import Linux

/// An entry of a listing as getdents64(2) gives it; the name is valid during the callback.
public struct ListedEntry {
    public let name: Name
    /// `d_ino`, the same as `st_ino` (SEMANTICS 3.1).
    public let inode: UInt64
    /// DT_ value.
    public let type: UInt8
}

extension Union {
    /// The entry at `position`; nil for one that is gone and whose number only a lookup would tell.
    public func entry<Result>(
        _ listing: Listing, at position: Int, of node: NodeID, _ body: (ListedEntry) throws(Errno) -> Result
    ) throws(Errno) -> Result? {
        let item = listing.items[position]
        return try listing.withName(item) { (name) throws(Errno) in
            var inode: UInt64
            var type = item.type
            monitor.lock()
            inode = numberLocked(item.inode, layer: Int(item.layer))
            monitor.unlock()
            if item.flags.contains(.lookUp) {
                do throws(Errno) {
                    guard let found = try lookup(node, name) else { return nil }
                    inode = found.status.ino
                    type = UInt8(truncatingIfNeeded: found.status.type >> 12)
                    forget(found.node, count: 1)
                } catch {
                    // It is there; what is wrong with it is for who asks for it.
                }
            }
            return try body(ListedEntry(name: name, inode: inode, type: type))
        }
    }

    /// The name at `position`.
    public func name<Result>(
        _ listing: Listing, at position: Int, _ body: (Name) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        try listing.withName(listing.items[position], body)
    }

    /// A number that no other directory has had since the mount began, by which its listing may be kept.
    public func serial(ofDirectory node: NodeID) throws(Errno) -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        guard let directory = node.node.pointee.directory else { throw Errno.notDirectory }
        if directory.pointee.serial == 0 {
            lastSerial += 1
            directory.pointee.serial = lastSerial
        }
        return directory.pointee.serial
    }

    /// The number of the directory above, for "..".
    public func parentNumber(_ node: NodeID) -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        return (node.node.pointee.links?.pointee.parent ?? root).pointee.number
    }
}

extension Union {
    /// ``lookup(_:_:)`` of an entry of a listing, which has told in which layer the name is seen first: what lies between
    /// the upper and that layer, which nobody changes, is not asked again.
    public func lookup(
        _ node: NodeID, _ listing: Listing, _ position: Int, _ name: Name
    ) throws(Errno) -> Entry? {
        let item = listing.items[position]
        let parent = node.node
        guard item.layer > 0, !item.flags.contains(.lookUp) || item.type == 4, let directory = parent.pointee.directory,
            directory.pointee.count > 1, name.count <= 255
        else { return try lookup(node, name) }
        enterNames(parent, exclusive: false)
        defer { leaveNames(parent) }
        return try find(parent, name, from: Int(item.layer), isDirectory: item.type == 4)
    }

    /// Whether the upper's files may be handed to the kernel whole: their attributes are the real ones.
    public var mayPassThrough: Bool { configuration.ownership.attribute == nil }
}
