import CLinux
import Glibc
public import Linux

extension Union {
    /// unlink(2) in the mount (SEMANTICS 4.1, 4.2).
    public func unlink(_ parent: NodeID, _ name: Name) throws(Errno) {
        try remove(parent.node, name, directory: false)
    }

    /// rmdir(2): the merged directory must be empty; whiteouts inside go with it (SEMANTICS 4.4).
    public func removeDirectory(_ parent: NodeID, _ name: Name) throws(Errno) {
        try remove(parent.node, name, directory: true)
    }

    private func remove(_ parent: Node, _ name: Name, directory wanted: Bool) throws(Errno) {
        guard work != nil else { throw Errno.readOnly }
        guard parent.pointee.directory != nil else { throw Errno.notDirectory }
        enterNames(parent, exclusive: true)
        defer { leaveNames(parent) }
        guard let entry = try findNode(parent, name) else { throw Errno.noEntry }
        defer { forget(NodeID(entry), count: 1) }
        if wanted, entry.pointee.directory == nil { throw Errno.notDirectory }
        if !wanted, entry.pointee.directory != nil { throw Errno.isDirectory }
        if wanted, try !isEmpty(entry) { throw Errno.notEmpty }
        try copyUp(parent)
        try prepareUnlink(entry, parent, name)
        if wanted { enterNames(entry, exclusive: true) }
        defer { if wanted { leaveNames(entry) } }
        enterBody(entry)
        defer { leaveBody(entry) }
        if wanted, try !isEmpty(entry) { throw Errno.notEmpty }
        guard let upper = parent.pointee.directory?.pointee.upper, let merged = parent.pointee.directory else {
            throw Errno.stale
        }
        let to = try pin(upper)
        defer { unpin(upper) }
        let below = try hasBelow(merged, name)
        keepReachable(entry)
        if wanted {
            try removeUpperDirectory(entry, to, upper, name, below: below)
            dropName(entry, parent, name, ofUpper: true)
        } else {
            try removeObject(entry, parent, to, upper, name, below: below)
        }
    }

    /// The node of `name`, with a reference for the caller.
    func findNode(_ parent: Node, _ name: Name) throws(Errno) -> Node? {
        if let node = known(parent, name) { return node }
        return try find(parent, name)?.node.node
    }

    /// A lower's hard link is copied up before a name of it goes, so that its link count has a place (ovl_nlink_start).
    func prepareUnlink(_ node: Node, _ parent: Node, _ name: Name) throws(Errno) {
        guard configuration.index, work?.index != nil, node.pointee.directory == nil, node.pointee.key != .none else {
            return
        }
        try copyUp(node, data: .metadataOnly)
        try linkUp(node, parent, name)
    }

    /// What loses its last known name stays reachable for those who have it open, or its directory as their own
    /// (SEMANTICS 8.1). Precondition: body held.
    func keepReachable(_ node: Node) {
        if let directory = node.pointee.directory {
            // Pinned until released: its path is gone.
            if let top = directory.pointee.upper ?? directory.pointee.lowers.first { _ = try? pin(top) }
            return
        }
        guard node.pointee.flags.contains(.inUpper), node.pointee.links?.pointee.sibling == nil else { return }
        if let file = node.pointee.file {
            // What reads a metacopy's data below is not the object itself.
            let own = node.pointee.flags.contains(.metacopy) ? -1 : file.pointee.reading
            if max(file.pointee.writing, file.pointee.anchor, own) >= 0 { return }
        }
        let anchor = try? withObject(node, settled: true) { (fd, name) throws(Errno) in
            try fd.open(name, [.path, .noFollow]).release()
        }
        if let anchor { fileRecord(node).pointee.anchor = anchor }
    }

    /// Precondition: names of the parent and body of the node are held.
    func removeObject(
        _ node: Node, _ parent: Node, _ to: FD, _ holder: LayerDirectory, _ name: Name, below: Bool
    ) throws(Errno) {
        let upperHas = node.pointee.flags.contains(.inUpper)
        if !upperHas {
            try whiteOut(to, holder, name)
        } else if below {
            if let old = try whiteOutOver(to, holder, name, isDirectory: false) { try? work?.directory.unlink(old) }
        } else {
            try to.unlink(name.path)
        }
        dropName(node, parent, name, ofUpper: upperHas)
    }

    /// Forgets a name that is gone. `ofUpper`: the upper's own link count went down with it.
    func dropName(_ node: Node, _ parent: Node, _ name: Name, ofUpper: Bool) {
        if node.pointee.flags.contains(.indexed) {
            if !ofUpper { node.pointee.linkDelta -= 1 }
            writeLinkDelta(node)
            if let index = work?.index, let entry = node.pointee.indexName,
                let status = try? index.status(entry.path), Int64(status.nlink) + Int64(node.pointee.linkDelta) <= 0
            {
                try? index.unlink(entry.path)
                monitor.lock()
                node.pointee.flags.remove(.indexed)
                monitor.unlock()
            }
        }
        monitor.lock()
        if let link = node.pointee.links {
            var found: Link? = link
            while let here = found, here.pointee.parent != parent || !here.pointee.name.equals(name) {
                found = here.pointee.sibling
            }
            if let found { removeLinkLocked(found) }
        }
        if node.pointee.links == nil { node.pointee.flags.insert(.removed) }
        let isGone = node.pointee.flags.isSuperset(of: [.removed, .inUpper, .hasOrigin])
        let anchor = node.pointee.file?.pointee.anchor ?? -1
        monitor.unlock()
        if isGone, anchor >= 0, node.pointee.type != 0o100000 { leaveOriginTable(FD(anchor)) }
    }

    /// Takes an empty merged directory out of the upper, with the whiteouts inside it.
    func removeUpperDirectory(
        _ node: Node, _ to: FD, _ holder: LayerDirectory, _ name: Name, below: Bool
    ) throws(Errno) {
        guard let work else { throw Errno.readOnly }
        guard node.pointee.flags.contains(.inUpper) else { return try whiteOut(to, holder, name) }
        if below {
            if let old = try whiteOutOver(to, holder, name, isDirectory: true) { try? work.directory.removeTree(old) }
            return
        }
        do throws(Errno) { try to.removeDirectory(name.path) } catch {
            guard error == .notEmpty || error == .exists else { throw error }
            let temporary = work.temporaryName()
            try to.rename(name.path, to: work.directory, temporary)
            try? work.directory.removeTree(temporary)
        }
    }
}
