import CLinux
public import Linux

/// Flags of renameat2(2).
public struct RenameFlags: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noReplace = RenameFlags(rawValue: 1)
    public static let exchange = RenameFlags(rawValue: 2)
    /// What a lower has at the old name stays hidden: which a union does anyhow.
    public static let whiteout = RenameFlags(rawValue: 4)
}

/// One end of a rename: a directory, a name in it, and what has the name.
private struct End {
    let parent: Node
    let name: Name
    let node: Node?
    /// The lowers of `parent` show something at `name` once the upper's is gone.
    var below = false

    var isDirectory: Bool { node?.pointee.directory != nil }
}

extension Union {
    /// renameat2(2) in the mount (SEMANTICS 7.1, 7.2; ovl_rename).
    ///
    /// - Throws: EXDEV for a directory that a lower has, unless `redirect` is `on`; EINVAL for flags that exclude each other.
    public func rename(
        _ oldParent: NodeID, _ oldName: Name, to newParent: NodeID, _ newName: Name, flags: RenameFlags = []
    ) throws(Errno) {
        guard flags.subtracting([.noReplace, .exchange, .whiteout]).isEmpty,
            !flags.contains(.exchange) || flags == .exchange
        else { throw Errno.invalid }
        guard oldParent.node.pointee.directory != nil else { throw Errno.notDirectory }
        try checkNew(newParent.node, newName)
        renameGate.lock()
        defer { renameGate.unlock() }
        let gates = oldParent == newParent ? [oldParent.node] : ordered(oldParent.node, newParent.node)
        for gate in gates { enterNames(gate, exclusive: true) }
        defer { for gate in gates.reversed() { leaveNames(gate) } }

        guard let oldNode = try findNode(oldParent.node, oldName) else { throw Errno.noEntry }
        defer { forget(NodeID(oldNode), count: 1) }
        let newNode = try findNode(newParent.node, newName)
        defer { if let newNode { forget(NodeID(newNode), count: 1) } }
        var old = End(parent: oldParent.node, name: oldName, node: oldNode)
        var new = End(parent: newParent.node, name: newName, node: newNode)
        try checkEnds(old, new, flags)
        if oldNode == newNode { return }

        try copyUp(oldParent.node)
        try copyUp(newParent.node)
        try copyUp(oldNode, data: .metadataOnly)
        try linkUp(oldNode, oldParent.node, oldName)
        if let newNode {
            if flags.contains(.exchange) { try copyUp(newNode, data: .metadataOnly) }
            try prepareUnlink(newNode, newParent.node, newName)
        }
        let bodies = enterBodies([oldNode] + (newNode.map { [$0] } ?? []))
        defer { for body in bodies.reversed() { leaveBody(body) } }
        if let directory = old.parent.pointee.directory { old.below = try hasBelow(directory, oldName) }
        if let directory = new.parent.pointee.directory { new.below = try hasBelow(directory, newName) }
        try retryingWithoutIdleDirectories { () throws(Errno) in
            if flags.contains(.exchange) { try exchange(old, new) } else { try move(old, new) }
        }
    }

    /// An ancestor before what is beneath it, otherwise by address.
    private func ordered(_ a: Node, _ b: Node) -> [Node] {
        if isBeneath(a, b) { return [b, a] }
        if isBeneath(b, a) { return [a, b] }
        return UInt(bitPattern: a) < UInt(bitPattern: b) ? [a, b] : [b, a]
    }

    private func isBeneath(_ node: Node, _ ancestor: Node) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        var here: Node? = node
        while let current = here {
            if current == ancestor { return true }
            here = current.pointee.links?.pointee.parent
        }
        return false
    }

    private func checkEnds(_ old: End, _ new: End, _ flags: RenameFlags) throws(Errno) {
        guard let oldNode = old.node else { throw Errno.noEntry }
        guard !new.parent.pointee.flags.contains(.removed) else { throw Errno.noEntry }
        if old.isDirectory, isBeneath(new.parent, oldNode) { throw Errno.invalid }
        if flags.contains(.exchange) {
            guard let newNode = new.node else { throw Errno.noEntry }
            if new.isDirectory, isBeneath(old.parent, newNode) { throw Errno.invalid }
            try checkMovable(newNode)
        } else if let newNode = new.node {
            if flags.contains(.noReplace) { throw Errno.exists }
            if newNode != oldNode {
                if old.isDirectory, !new.isDirectory { throw Errno.notDirectory }
                if !old.isDirectory, new.isDirectory { throw Errno.isDirectory }
            }
        }
        try checkMovable(oldNode)
        // Of a directory of the upper alone, rename(2) itself will say.
        if !flags.contains(.exchange), let newNode = new.node, newNode != oldNode,
            let directory = newNode.pointee.directory, !directory.pointee.lowers.isEmpty, try !isEmpty(newNode)
        {
            throw Errno.notEmpty
        }
    }

    /// A directory that a lower has moves only by a redirect.
    private func checkMovable(_ node: Node) throws(Errno) {
        guard let directory = node.pointee.directory, !directory.pointee.lowers.isEmpty else { return }
        if configuration.redirect != .on { throw Errno.crossDevice }
    }

    // MARK: Moving. Precondition: the names of both directories and the bodies of both nodes are held.

    private func move(_ old: End, _ new: End) throws(Errno) {
        guard let node = old.node, let work, let from = old.parent.pointee.directory?.pointee.upper,
            let to = new.parent.pointee.directory?.pointee.upper
        else { throw Errno.stale }
        let source = try pin(from)
        defer { unpin(from) }
        let target = try pin(to)
        defer { unpin(to) }
        try prepareMove(node, old, new, source)
        if node.pointee.flags.contains(.hasOrigin) || !(node.pointee.directory?.pointee.lowers.isEmpty ?? true) {
            markImpure(to, target)
        }
        if let newNode = new.node { keepReachable(newNode) }
        do throws(Errno) {
            try moveUpper(old, new, source, from, target, work)
        } catch {
            // Nothing but whiteouts in it, or what a lower shows is hidden already.
            guard error == .notEmpty || error == .exists, let newNode = new.node, try isEmpty(newNode) else {
                throw error
            }
            try clearTarget(new, target, to)
            try moveUpper(old, new, source, from, target, work)
        }
        clearFileWhiteout(target, new.name)
        settleNames(node, old, new, to)
    }

    /// Redirect or opaque mark of a directory, redirect of a metacopy, before it moves.
    private func prepareMove(_ node: Node, _ old: End, _ new: End, _ source: FD) throws(Errno) {
        if let directory = node.pointee.directory {
            if !directory.pointee.lowers.isEmpty {
                try setRedirect(node, old, sameParent: old.parent == new.parent, source)
            } else if new.parent.pointee.directory?.pointee.merged == true {
                do throws(Errno) { try markOpaque(source, old.name.path) } catch {
                    throw error == .notSupported ? .crossDevice : error
                }
            }
        } else if node.pointee.flags.contains(.metacopy) {
            try withObject(node, settled: true) { (fd, name) throws(Errno) in
                try redirectData(node, fd, name, alias: (old.parent, old.name), sameParent: old.parent == new.parent)
            }
        }
    }

    /// Where the lowers' part of a directory is found from now on (ovl_set_redirect): its old name within the same
    /// directory, otherwise its path from the root as the lowers know it.
    private func setRedirect(_ node: Node, _ old: End, sameParent: Bool, _ source: FD) throws(Errno) {
        guard let directory = node.pointee.directory, let lower = directory.pointee.lowers.first,
            let name = lower.pointee.name
        else { throw Errno.crossDevice }
        let existing = try source.attribute(old.name.path, marks.name(.redirect))
        if let existing, existing.first == 0x2f || sameParent { return }
        var value = Array(name.bytes)
        // A relative redirect is looked up in the same directory's lowers: only a name of theirs can be one.
        if !sameParent
            || lower.pointee.parent
                != old.parent.pointee.directory?.pointee.lowers.first(where: {
                    $0.pointee.layer == lower.pointee.layer
                })
        {
            value = []
            var here: LayerDirectory? = lower
            while let current = here, let part = current.pointee.name {
                value = [0x2f] + Array(part.bytes) + value
                here = current.pointee.parent
            }
        }
        guard value.first != 0x2f || value.count <= longestRedirect else { throw Errno.crossDevice }
        try source.setAttribute(old.name.path, marks.name(.redirect), value)
    }

    /// What is replaced makes room where rename(2) itself would not: a directory with whiteouts inside.
    private func clearTarget(_ new: End, _ target: FD, _ holder: LayerDirectory) throws(Errno) {
        guard let node = new.node, node.pointee.flags.contains(.inUpper), let work,
            let own = node.pointee.directory?.pointee.upper
        else { return }
        let fd = try pin(own)
        defer { unpin(own) }
        var any = false
        let open = try fd.open(".", [.readOnly, .directory])
        try open.fd.forEachEntry { _ in
            any = true
            return false
        }
        guard any else { return }
        // An opaque, empty directory takes its place first: nothing below ever shows (ovl_clear_empty).
        let status = try fd.status()
        let temporary = work.temporaryName()
        try work.directory.makeDirectory(temporary, mode: 0o700)
        do throws(Errno) {
            let fresh = try work.directory.open(temporary, [.path, .directory, .noFollow])
            try markOpaque(work.directory, temporary)
            try setMetadata(of: fresh.fd, "", from: fd, "", status, layer: 0)
            try work.directory.rename(temporary, to: target, new.name.path, flags: 2)
        } catch {
            try? work.directory.removeTree(temporary)
            throw error
        }
        try? work.directory.removeTree(temporary)
    }

    private func moveUpper(
        _ old: End, _ new: End, _ source: FD, _ from: LayerDirectory, _ target: FD, _ work: WorkDirectory
    ) throws(Errno) {
        var flags: UInt32 = 0
        // A directory cannot replace a whiteout: they change places, and the whiteout serves the old name.
        var exchanged = false
        if old.isDirectory, new.node == nil || !(new.node?.pointee.flags.contains(.inUpper) ?? false),
            (try? target.status(new.name.path))?.isWhiteout == true
        {
            flags = 2
            exchanged = true
        }
        if old.below, !exchanged, work.devices { flags |= 4 }
        do throws(Errno) {
            try source.rename(old.name.path, to: target, new.name.path, flags: flags)
        } catch {
            guard flags & 4 != 0, error == .invalid || error == .notPermitted || error == .notImplemented else {
                throw error
            }
            // No RENAME_WHITEOUT here: for a moment the lower's object has the old name again, and nothing is lost.
            try source.rename(old.name.path, to: target, new.name.path, flags: 0)
            try whiteOut(source, from, old.name)
        }
        if exchanged, !old.below { try? source.unlink(old.name.path) }
        if old.below, !work.devices { try whiteOut(source, from, old.name) }
    }

    /// The table after a move: who has which name.
    private func settleNames(_ node: Node, _ old: End, _ new: End, _ to: LayerDirectory) {
        if let replaced = new.node {
            dropName(replaced, new.parent, new.name, ofUpper: replaced.pointee.flags.contains(.inUpper))
        }
        monitor.lock()
        moveLinkLocked(node, old.parent, old.name, to: new.parent, new.name)
        moveDirectoryLocked(node, to, new.name)
        monitor.unlock()
    }

    /// Precondition: the table lock is held.
    private func moveLinkLocked(_ node: Node, _ parent: Node, _ name: Name, to newParent: Node, _ newName: Name) {
        guard let link = table.find(parent, name, hash: name.hash(in: UInt(bitPattern: parent))),
            link.pointee.node == node
        else { return }
        // First the new name, so that the node never stands without one.
        addLinkLocked(node, parent: newParent, name: newName)
        removeLinkLocked(link)
    }

    /// The path of a directory of the upper follows its node. Precondition: the table lock is held.
    private func moveDirectoryLocked(_ node: Node, _ parent: LayerDirectory, _ name: Name) {
        guard let upper = node.pointee.directory?.pointee.upper else { return }
        renames += 1
        let oldParent = upper.pointee.parent
        upper.pointee.name?.release()
        upper.pointee.name = NameBytes(name.bytes)
        parent.pointee.references += 1
        upper.pointee.parent = parent
        if let oldParent { releaseLocked(oldParent) }
    }

    // MARK: Exchanging

    private func exchange(_ old: End, _ new: End) throws(Errno) {
        guard let oldNode = old.node, let newNode = new.node,
            let from = old.parent.pointee.directory?.pointee.upper, let to = new.parent.pointee.directory?.pointee.upper
        else { throw Errno.stale }
        let source = try pin(from)
        defer { unpin(from) }
        let target = try pin(to)
        defer { unpin(to) }
        try prepareMove(oldNode, old, new, source)
        try prepareMove(newNode, new, old, target)
        for (node, directory, fd) in [(oldNode, to, target), (newNode, from, source)]
        where node.pointee.flags.contains(.hasOrigin) || !(node.pointee.directory?.pointee.lowers.isEmpty ?? true) {
            markImpure(directory, fd)
        }
        try source.rename(old.name.path, to: target, new.name.path, flags: 2)
        monitor.lock()
        let oldLink = table.find(old.parent, old.name, hash: old.name.hash(in: UInt(bitPattern: old.parent)))
        let newLink = table.find(new.parent, new.name, hash: new.name.hash(in: UInt(bitPattern: new.parent)))
        addLinkLocked(oldNode, parent: new.parent, name: new.name)
        addLinkLocked(newNode, parent: old.parent, name: old.name)
        if let oldLink { removeLinkLocked(oldLink) }
        if let newLink { removeLinkLocked(newLink) }
        moveDirectoryLocked(oldNode, to, new.name)
        moveDirectoryLocked(newNode, from, old.name)
        monitor.unlock()
    }
}
