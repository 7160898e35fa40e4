import CLinux
import Linux

/// Lower hard links that stay linked when one is copied up (`index=on`; overlayfs.rst, "Index", SEMANTICS 5.8): the copy
/// has a name in `work/index` made from the lower's file handle, by which the other names find it.
extension Union {
    struct Indexed {
        var status: Status
        var delta: Int32
        var name: NameBytes
        var metacopy: Bool
    }

    /// The copy that stands for a lower file with several names, if one of them was copied up.
    func findIndexed(_ found: Found, _ name: Name) throws(Errno) -> Indexed? {
        guard let index = work?.index else { return nil }
        let fd = try pin(found.holder)
        defer { unpin(found.holder) }
        guard let origin = Origin(fd, name.path, uuid: layers[found.layer].uuid) else { return nil }
        return try withName(origin.indexName) { (entry) throws(Errno) in
            do throws(Errno) {
                let status = try index.status(entry.path)
                guard status.type == found.status.type else { return nil }
                var flags: NodeRecord.Flags = []
                return Indexed(
                    status: status, delta: readLinkDelta(index, entry.path, origin, &flags),
                    name: NameBytes(entry.bytes),
                    metacopy: try index.attribute(entry.path, marks.name(.metacopy)) != nil)
            } catch {
                if error == .noEntry { return nil }
                throw error
            }
        }
    }

    /// The `nlink` mark: what to add to the real link count. Sets `.indexed` where the object is in the index.
    func readLinkDelta(_ fd: FD, _ name: CPath, _ origin: Origin, _ flags: inout NodeRecord.Flags) -> Int32 {
        guard let index = work?.index else { return 0 }
        let isIndexed =
            (try? withName(origin.indexName) { (entry) throws(Errno) in try index.status(entry.path) }) != nil
        guard isIndexed else { return 0 }
        flags.insert(.indexed)
        // "U+1" or "U-1": relative to the upper's count (ovl_get_nlink). "L…" is relative to the lower's.
        guard let value = try? fd.attribute(name, marks.name(.nlink)), value.count > 2 else { return 0 }
        guard let number = Int32(String(decoding: value.dropFirst(), as: UTF8.self)) else { return 0 }
        if value[0] == 0x55 { return number }
        return 0
    }

    /// Gives a copied-up file the name in the upper by which it is reached, where it has only others there (ovl_link_up):
    /// without the index, too, what is changed by a name shows under that name.
    func linkUp(_ node: Node) throws(Errno) {
        monitor.lock()
        guard let link = node.pointee.links else { return monitor.unlock() }
        let parent = link.pointee.parent
        let name = link.pointee.name.retain()
        parent.pointee.holds += 1
        monitor.unlock()
        defer {
            monitor.lock()
            name.release()
            parent.pointee.holds -= 1
            collectLocked(parent)
            monitor.unlock()
        }
        try linkUp(node, parent, Name(path: name.path, count: name.count))
    }

    /// ``linkUp(_:)`` for a name that is known.
    func linkUp(_ node: Node, _ parent: Node, _ name: Name) throws(Errno) {
        guard node.pointee.flags.contains(.indexed) else { return }
        try copyUp(parent)
        guard let upper = parent.pointee.directory?.pointee.upper else { throw Errno.stale }
        enterBody(node)
        defer { leaveBody(node) }
        let to = try pin(upper)
        defer { unpin(upper) }
        if (try? to.status(name.path))?.ino == node.pointee.real { return }
        let above = try to.status()
        do throws(Errno) {
            try withObject(node, settled: true) { (fd, source) throws(Errno) in
                try redirectData(node, fd, source)
                try fd.link(source, to: to, name.path)
            }
        } catch {
            // Gone meanwhile, or somebody else's by now.
            if error == .exists || error == .noEntry { return }
            throw error
        }
        markImpure(upper, to)
        restoreTimes(to, above)
        node.pointee.linkDelta -= 1
        writeLinkDelta(node)
        if !parent.pointee.flags.contains(.removed) { onAttributesChanged?(NodeID(parent)) }
    }

    /// Writes the `nlink` mark after the number of names changed.
    func writeLinkDelta(_ node: Node) {
        guard node.pointee.flags.contains(.indexed) else { return }
        let delta = node.pointee.linkDelta
        let value = Array("U\(delta < 0 ? "" : "+")\(delta)".utf8)
        try? withObject(node, settled: true) { (fd, name) throws(Errno) in
            try fd.setAttribute(name, marks.name(.nlink), value)
        }
    }

    /// Reaches the node through the index from now on. Precondition: body held.
    func setIndexed(_ node: Node, _ origin: Origin) {
        let name = origin.indexName.withUnsafeBufferPointer { NameBytes($0) }
        monitor.lock()
        node.pointee.indexName?.release()
        node.pointee.indexName = name
        node.pointee.flags.insert(.indexed)
        monitor.unlock()
    }

    /// Leaves the index when the last name is gone.
    func leaveIndex(_ origin: Origin) {
        guard let index = work?.index else { return }
        try? withName(origin.indexName) { (entry) throws(Errno) in try index.unlink(entry.path) }
    }
}
