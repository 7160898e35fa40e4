import CLinux
import Glibc
public import Linux

extension Union {
    /// Finds `name` in the directory `parent`; nil where the merged directory does not have it. What is returned must be
    /// given back with ``forget(_:count:)``.
    ///
    /// - Throws: ENOTDIR, ENAMETOOLONG, or what a layer says.
    public func lookup(_ parent: NodeID, _ name: Name) throws(Errno) -> Entry? {
        let parent = parent.node
        guard parent.pointee.directory != nil else { throw Errno.notDirectory }
        guard name.count <= 255 else { throw Errno.nameTooLong }
        if name.isDotWhiteout, configuration.whiteouts != .device { return nil }
        enterNames(parent, exclusive: false)
        defer { leaveNames(parent) }
        return try find(parent, name)
    }

    /// Gives back `count` references from lookups and creations.
    public func forget(_ node: NodeID, count: UInt64) {
        monitor.lock()
        let node = node.node
        node.pointee.lookups -= min(count, node.pointee.lookups)
        if node == root { node.pointee.lookups = max(1, node.pointee.lookups) } else { collectLocked(node) }
        monitor.unlock()
    }

    /// ``lookup(_:_:)`` with a names gate of `parent` held. `from`: the lower in which the name is seen first, if known.
    func find(_ parent: Node, _ name: Name, from layer: Int? = nil, isDirectory: Bool = false) throws(Errno) -> Entry? {
        if let node = known(parent, name) {
            do throws(Errno) {
                return Entry(node: NodeID(node), status: try status(of: node))
            } catch {
                forget(NodeID(node), count: 1)
                throw error
            }
        }
        guard let directory = parent.pointee.directory else { throw Errno.notDirectory }
        var found: Found?
        if let layer { found = try probe(directory, name, from: layer, isDirectory: isDirectory) }
        if found == nil { found = try probe(directory, name) }
        guard let found else { return nil }
        return try adopt(found, parent: parent, name: name)
    }

    /// A node that is known by this name, with a reference for the caller.
    func known(_ parent: Node, _ name: Name) -> Node? {
        let hash = name.hash(in: UInt(bitPattern: parent))
        monitor.lock()
        defer { monitor.unlock() }
        guard let link = table.find(parent, name, hash: hash) else { return nil }
        let node = link.pointee.node
        node.pointee.lookups += 1
        if node.pointee.links != link, namesMatter(node) { putFirstLocked(link) }
        return node
    }

    /// Whether a change of this node gives it the name in the upper by which it was looked up last: a file that has
    /// several names in a lower.
    public func followsNames(of node: NodeID) -> Bool { namesMatter(node.node) && work != nil }

    private func namesMatter(_ node: Node) -> Bool {
        node.pointee.flags.contains(.indexed) || !node.pointee.flags.contains(.inUpper) && node.pointee.key != .none
    }

    func probe(_ directory: Directory, _ name: Name) throws(Errno) -> Found? {
        if let upper = directory.pointee.upper {
            if directory.pointee.lowers.isEmpty { return try probe(CollectionOfOne(upper), name) }
            // The commonest case costs one call: the upper has a file.
            return try probe([upper] + directory.pointee.lowers, name)
        }
        return try probe(directory.pointee.lowers, name)
    }

    /// What the upper or, as a listing said, the lower `layer` has; nil where that is not the whole truth any more.
    private func probe(
        _ directory: Directory, _ name: Name, from layer: Int, isDirectory: Bool
    ) throws(Errno) -> Found? {
        if let upper = directory.pointee.upper {
            guard case .missing = try look(upper, name), try !isHiddenByFile(upper, name) else { return nil }
        }
        guard let position = directory.pointee.lowers.firstIndex(where: { $0.pointee.layer == layer }) else {
            return nil
        }
        if isDirectory {
            return try probe(UnsafeMutableBufferPointer(rebasing: directory.pointee.lowers[position...]), name)
        }
        let holder = directory.pointee.lowers[position]
        guard case .object(let status) = try look(holder, name), !status.isDirectory else { return nil }
        return Found(status: status, layer: layer, holder: holder)
    }

    /// Makes the node for what was found, or finds the one it already has under another name.
    func adopt(_ found: Found, parent: Node, name: Name) throws(Errno) -> Entry {
        if found.status.isDirectory { return try adoptDirectory(found, parent: parent, name: name) }
        var identity = Identity(number: found.status.ino, layer: found.layer)
        var flags: NodeRecord.Flags = found.layer == 0 ? .inUpper : []
        var data: LowerPlace?
        var delta: Int32 = 0
        var indexName: NameBytes?
        var status = found.status
        if found.layer == 0 {
            let fd = try pin(found.holder)
            defer { unpin(found.holder) }
            if isImpure(found.holder, fd), let origin = origin(of: name.path, in: fd, status) {
                flags.insert(.hasOrigin)
                if let below = resolve(origin) { identity = Identity(number: below.inode, layer: below.layer) }
                if status.nlink > 1 {
                    delta = readLinkDelta(fd, name.path, origin, &flags)
                    if flags.contains(.indexed) {
                        indexName = origin.indexName.withUnsafeBufferPointer { NameBytes($0) }
                    }
                }
            }
        }
        if status.isRegular, try isMetacopy(found, name) {
            guard let place = try findData(found, parent: parent, name: name) else { throw Errno.io }
            data = place.place
            if found.layer == 0 { flags.insert(.metacopy) } else { flags.insert(.dataOnly) }
            if place.redirected { flags.insert(.dataOnly) }
        }
        var key = InodeKey.none
        if found.layer != 0 {
            if status.nlink > 1, keepsLinks {
                key = inodeKey(status.ino, layer: found.layer)
                if let indexed = try findIndexed(found, name) {
                    flags = [.inUpper, .hasOrigin, .indexed]
                    delta = indexed.delta
                    status = indexed.status
                    indexName = indexed.name
                    if indexed.metacopy {
                        flags.insert(.metacopy)
                        monitor.lock()
                        found.holder.pointee.references += 1
                        data = LowerPlace(
                            directory: found.holder,
                            name: found.name.map { $0.withUnsafeBufferPointer { NameBytes($0) } }
                                ?? NameBytes(name.bytes))
                        monitor.unlock()
                    }
                }
            }
        } else if status.nlink > 1 {
            key =
                flags.contains(.indexed)
                ? inodeKey(identity.number, layer: identity.layer) : inodeKey(status.ino, layer: 0)
        }
        var shown = status
        if readsOwnership(found.layer) {
            let fd = try pin(found.holder)
            defer { unpin(found.holder) }
            shown = overridden(status, fd, name.path)
        }
        monitor.lock()
        if let node = table.node(for: key) {
            addAliasLocked(node, parent: parent, name: name)
            node.pointee.lookups += 1
            monitor.unlock()
            indexName?.release()
            if let data { release(data) }
            return Entry(node: NodeID(node), status: try self.status(of: node))
        }
        if let link = table.find(parent, name, hash: name.hash(in: UInt(bitPattern: parent))) {
            let node = link.pointee.node
            node.pointee.lookups += 1
            monitor.unlock()
            indexName?.release()
            if let data { release(data) }
            return Entry(node: NodeID(node), status: try self.status(of: node))
        }
        let node = makeNodeLocked(
            number: numberLocked(identity.number, layer: identity.layer), real: status.ino, type: shown.type)
        node.pointee.flags = flags
        node.pointee.linkDelta = delta
        node.pointee.indexName = indexName
        node.pointee.lookups = 1
        node.pointee.data = data
        if found.layer != 0, !flags.contains(.inUpper) {
            found.holder.pointee.references += 1
            let bytes = found.name.map { $0.withUnsafeBufferPointer { NameBytes($0) } } ?? NameBytes(name.bytes)
            node.pointee.lower = LowerPlace(directory: found.holder, name: bytes)
        }
        addLinkLocked(node, parent: parent, name: name)
        if key != .none { table.register(node, key: key) }
        monitor.unlock()
        return Entry(node: NodeID(node), status: present(shown, node))
    }

    private func adoptDirectory(_ found: Found, parent: Node, name: Name) throws(Errno) -> Entry {
        var identity = Identity(number: found.status.ino, layer: found.layer)
        let inUpper = found.layer == 0
        if inUpper, found.directories.count > 1, let below = try? statusOf(found.directories[1]) {
            identity = Identity(number: below.ino, layer: found.directories[1].pointee.layer)
        }
        let record = Directory.allocate(capacity: 1)
        let rest = found.directories.dropFirst(inUpper ? 1 : 0)
        let lowers = UnsafeMutableBufferPointer<LayerDirectory>.allocate(capacity: rest.count)
        _ = lowers.initialize(from: rest)
        record.initialize(to: DirectoryRecord(upper: inUpper ? found.directories.first : nil, lowers: lowers))
        monitor.lock()
        if let link = table.find(parent, name, hash: name.hash(in: UInt(bitPattern: parent))) {
            let node = link.pointee.node
            node.pointee.lookups += 1
            for directory in found.directories { releaseLocked(directory) }
            monitor.unlock()
            lowers.deallocate()
            record.deallocate()
            return Entry(node: NodeID(node), status: try status(of: node))
        }
        let node = makeNodeLocked(
            number: numberLocked(identity.number, layer: identity.layer), real: found.status.ino, type: 0o040000)
        node.pointee.flags = inUpper ? .inUpper : []
        node.pointee.directory = record
        node.pointee.lookups = 1
        addLinkLocked(node, parent: parent, name: name)
        monitor.unlock()
        var shown = found.status
        if readsOwnership(found.layer), let first = found.directories.first {
            let fd = try pin(first)
            defer { unpin(first) }
            shown = overridden(shown, fd, "")
        }
        return Entry(node: NodeID(node), status: present(shown, node))
    }

    private struct Identity {
        var number: UInt64
        var layer: Int
    }

    /// Lower hard links are one object, but where copying one of them up would part them.
    var keepsLinks: Bool { configuration.index || work == nil }

    /// Precondition: the table lock is held.
    func addAliasLocked(_ node: Node, parent: Node, name: Name) {
        if table.find(parent, name, hash: name.hash(in: UInt(bitPattern: parent))) == nil {
            addLinkLocked(node, parent: parent, name: name)
            node.pointee.flags.remove(.removed)
        }
    }

    func release(_ place: LowerPlace) {
        monitor.lock()
        place.name.release()
        releaseLocked(place.directory)
        monitor.unlock()
    }

    /// Gives up a place that a node kept. Precondition: the table lock is held.
    func releaseLocked(_ place: inout LowerPlace?) {
        guard let old = place else { return }
        place = nil
        old.name.release()
        releaseLocked(old.directory)
    }

    func statusOf(_ directory: LayerDirectory) throws(Errno) -> Status {
        let fd = try pin(directory)
        defer { unpin(directory) }
        return try fd.status()
    }

    /// Whether entries of this directory of the upper may carry an origin: asked once for each directory.
    func isImpure(_ directory: LayerDirectory, _ fd: FD) -> Bool {
        if directory.pointee.impure == .unknown {
            let value = impureMark(fd)
            directory.pointee.impure = value == nil ? .no : .yes
        }
        return directory.pointee.impure == .yes
    }

    /// "." costs less than the descriptor itself; where it may not be entered, the descriptor will do.
    private func impureMark(_ fd: FD) -> [UInt8]? {
        do throws(Errno) { return try fd.attribute(".", marks.name(.impure)) } catch {
            return (try? fd.attribute("", marks.name(.impure))) ?? nil
        }
    }
}
