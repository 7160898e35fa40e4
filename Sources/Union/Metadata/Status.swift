public import CLinux
public import Linux

extension Union {
    /// What the object looks like in the mount: its own number, link count and owner.
    public func status(_ node: NodeID, birth: Bool = false) throws(Errno) -> Status {
        try status(of: node.node, birth: birth)
    }

    func status(of node: Node, birth: Bool = false) throws(Errno) -> Status {
        // Usually nothing moves meanwhile; when something did, once more with the body held.
        do throws(Errno) {
            if let status = try readStatus(node, birth: birth) { return status }
        } catch {
            if error != .noEntry { throw error }
        }
        enterBody(node)
        defer { leaveBody(node) }
        guard let status = try readStatus(node, birth: birth, lenient: true) else { throw Errno.stale }
        return status
    }

    /// nil where another object has the name meanwhile.
    private func readStatus(_ node: Node, birth: Bool, lenient: Bool = false) throws(Errno) -> Status? {
        try withObject(node, settled: lenient) { (fd, name) throws(Errno) in
            let status = try fd.status(name, birth: birth)
            if status.ino != node.pointee.real, !lenient { return nil }
            let layer = node.pointee.flags.contains(.inUpper) ? 0 : lowerLayer(node)
            let shown = readsOwnership(layer) ? overridden(status, fd, name) : status
            if shown.type != node.pointee.type { throw Errno.stale }
            return present(shown, node)
        }
    }

    /// The layer whose object an object of the lowers is.
    func lowerLayer(_ node: Node) -> Int {
        node.pointee.lower?.directory.pointee.layer ?? node.pointee.directory?.pointee.lowers.first?.pointee.layer ?? 1
    }

    /// Calls `body` with the real object: a directory and a name in it, or a descriptor and an empty name.
    ///
    /// `settled`: the body gate is held, the name cannot move.
    func withObject<Result: ~Copyable>(
        _ node: Node, settled: Bool = false, _ body: (FD, CPath) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        if let directory = node.pointee.directory {
            guard let top = directory.pointee.upper ?? directory.pointee.lowers.first else { throw Errno.stale }
            let fd: FD
            do throws(Errno) { fd = try pin(top) } catch {
                if error == .crossDevice { return try withCovered(top, body) }
                throw error
            }
            defer { unpin(top) }
            return try body(fd, "")
        }
        monitor.lock()
        let flags = node.pointee.flags
        if (flags.contains(.removed) || node.pointee.links == nil)
            && (flags.contains(.inUpper) || node.pointee.lower == nil)
        {
            let raw = node.pointee.file?.pointee.any ?? -1
            monitor.unlock()
            guard raw >= 0 else { throw Errno.stale }
            return try body(FD(raw), "")
        }
        if flags.contains(.indexed), let index = work?.index, let name = node.pointee.indexName?.retain() {
            monitor.unlock()
            defer { releaseName(name) }
            return try body(index, name.path)
        }
        let place: LowerPlace
        if flags.contains(.inUpper) {
            guard let link = node.pointee.links, let upper = link.pointee.parent.pointee.directory?.pointee.upper else {
                monitor.unlock()
                throw Errno.stale
            }
            place = LowerPlace(directory: upper, name: link.pointee.name.retain())
        } else {
            guard let lower = node.pointee.lower else {
                monitor.unlock()
                throw Errno.stale
            }
            place = LowerPlace(directory: lower.directory, name: lower.name.retain())
        }
        place.directory.pointee.references += 1
        monitor.unlock()
        defer { release(place) }
        let fd = try pin(place.directory)
        defer { unpin(place.directory) }
        return try body(fd, place.name.path)
    }

    /// A directory that another mount covers is looked at from its parent.
    private func withCovered<Result: ~Copyable>(
        _ directory: LayerDirectory, _ body: (FD, CPath) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let parent = directory.pointee.parent, let name = directory.pointee.name else { throw Errno.crossDevice }
        directory.pointee.covered = true
        let fd = try pin(parent)
        defer { unpin(parent) }
        return try body(fd, name.path)
    }

    func releaseName(_ name: NameBytes) {
        monitor.lock()
        name.release()
        monitor.unlock()
    }

    /// The real object's status as the mount shows it.
    func present(_ real: Status, _ node: Node) -> Status {
        var status = real
        status.ino = node.pointee.number
        if let directory = node.pointee.directory {
            if node.pointee.flags.contains(.removed) {
                status.nlink = 0
            } else if directory.pointee.merged {
                status.nlink = 1
            }
        } else if node.pointee.flags.contains(.removed), !node.pointee.flags.contains(.inUpper) {
            status.nlink = real.nlink &- 1
        } else if node.pointee.flags.contains(.indexed) {
            status.nlink = UInt32(clamping: Int64(real.nlink) + Int64(node.pointee.linkDelta))
        }
        return shownOwner(status)
    }
}
