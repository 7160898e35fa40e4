import CLinux
public import Linux

extension Union {
    /// link(2): another name for `node`, which may be a symlink, lie in a lower, or have no name at all (SEMANTICS 7.3).
    public func link(
        _ node: NodeID, _ parent: NodeID, _ name: Name, absent: Bool = false
    ) throws(Errno) -> Entry {
        let node = node.node
        let parent = parent.node
        try checkNew(parent, name)
        guard node.pointee.directory == nil else { throw Errno.notPermitted }
        try copyUp(parent)
        try copyUp(node, data: .metadataOnly)
        enterNames(parent, exclusive: true)
        defer { leaveNames(parent) }
        guard !parent.pointee.flags.contains(.removed) else { throw Errno.noEntry }
        if !absent { try checkAbsent(parent, name) }
        enterBody(node)
        defer { leaveBody(node) }
        guard let upper = parent.pointee.directory?.pointee.upper else { throw Errno.stale }
        let to = try pin(upper)
        defer { unpin(upper) }
        try withObject(node, settled: true) { (fd, source) throws(Errno) in
            try redirectData(node, fd, source)
            do throws(Errno) {
                try link(fd, source, to: to, name.path)
            } catch {
                guard error == .exists, let work, try to.status(name.path).isWhiteout else { throw error }
                let temporary = work.temporaryName()
                try link(fd, source, to: work.directory, temporary)
                do throws(Errno) { try work.directory.rename(temporary, to: to, name.path) } catch {
                    try? work.directory.unlink(temporary)
                    throw error
                }
            }
            clearFileWhiteout(to, name)
        }
        if node.pointee.flags.contains(.hasOrigin) { markImpure(upper, to) }
        monitor.lock()
        addLinkLocked(node, parent: parent, name: name)
        node.pointee.flags.remove(.removed)
        node.pointee.lookups += 1
        if node.pointee.key == .none { table.register(node, key: inodeKey(node.pointee.real, layer: 0)) }
        monitor.unlock()
        return Entry(node: NodeID(node), status: try statusHeld(node))
    }

    private func link(_ fd: FD, _ source: CPath, to: FD, _ name: CPath) throws(Errno) {
        if source.pointee == 0 { try fd.linkSelf(to: to, name) } else { try fd.link(source, to: to, name) }
    }

    /// A metacopy that gets another name must say where its data is (ovl_set_link_redirect).
    ///
    /// `alias`: the parent and the name by which it is reached, a shorter way to the same data where there are hard links.
    func redirectData(
        _ node: Node, _ fd: FD, _ name: CPath, alias: (parent: Node, name: Name)? = nil, sameParent: Bool = false
    ) throws(Errno) {
        guard node.pointee.flags.contains(.metacopy), let place = node.pointee.data else { return }
        if node.pointee.flags.contains(.dataOnly) {
            // What is told from the root stays true; a name beside it only there (ovl_set_redirect).
            let existing = try fd.attribute(name, marks.name(.redirect))
            if existing?.first == 0x2f || sameParent { return }
        }
        var path = pathInLayer(place)
        let data = try? statusOf(place)
        // What has several names may come to lie in several directories: told from the root at once
        // (ovl_need_absolute_redirect).
        let isBeside = sameParent && data?.nlink == 1
        if let alias,
            let lower = alias.parent.pointee.directory?.pointee.lowers.first(where: {
                $0.pointee.layer == place.directory.pointee.layer
            }), let parent = try? pin(lower)
        {
            defer { unpin(lower) }
            if let here = try? parent.status(alias.name.path), here.ino == data?.ino {
                let own = NameBytes(alias.name.bytes)
                defer { own.release() }
                path = isBeside ? Array(alias.name.bytes) : pathInLayer(LowerPlace(directory: lower, name: own))
            }
        }
        guard path.first != 0x2f || path.count <= longestRedirect else { throw Errno.crossDevice }
        try fd.setAttribute(name, marks.name(.redirect), path)
        node.pointee.flags.insert(.dataOnly)
    }

    func statusOf(_ place: LowerPlace) throws(Errno) -> Status {
        let fd = try pin(place.directory)
        defer { unpin(place.directory) }
        return try fd.status(place.name.path)
    }

    /// OVL_REDIRECT_MAX of the kernel: a longer path is not written, and the caller copies instead.
    var longestRedirect: Int { 256 }

    /// The status with the body gate held.
    func statusHeld(_ node: Node) throws(Errno) -> Status {
        try withObject(node, settled: true) { (fd, name) throws(Errno) in
            let real = try fd.status(name)
            return present(readsOwnership(0) ? overridden(real, fd, name) : real, node)
        }
    }
}
