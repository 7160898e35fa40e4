import CLinux
import Glibc
import Linux

/// Copy-up: the first change to an object of a lower copies it to the upper (SEMANTICS 5; fs/overlayfs/copy_up.c).
///
/// It is complete before it has a name in the upper: made without a name or in work, given its data, owner, mode,
/// attributes and times, then linked or renamed into place.
extension Union {
    enum CopiedData { case all, none, metadataOnly }

    /// Makes sure that the upper has `node`, its directories first. `data`: what of a regular file's content is wanted.
    ///
    /// - Throws: EROFS without an upper; ENOSPC, EDQUOT or EIO with nothing left behind (5.6).
    func copyUp(_ node: Node, data: CopiedData = .all) throws(Errno) {
        guard work != nil else { throw Errno.readOnly }
        if !isUp(node, data) {
            // Upwards first: the chain of directories that are still below, then down again.
            while let parent = try missingParent(node) { try copyUp(parent) }
            enterBody(node)
            defer { leaveBody(node) }
            try copyUpHeld(node, data: data)
        }
        if node.pointee.flags.contains(.indexed) { try linkUp(node) }
    }

    private func isUp(_ node: Node, _ data: CopiedData) -> Bool {
        let flags = node.pointee.flags
        return flags.contains(.inUpper) && (!flags.contains(.metacopy) || data == .metadataOnly)
    }

    /// The highest directory above `node` that the upper lacks.
    private func missingParent(_ node: Node) throws(Errno) -> Node? {
        if node.pointee.flags.contains(.inUpper) { return nil }
        monitor.lock()
        defer { monitor.unlock() }
        var missing: Node?
        var link = node.pointee.links
        while let here = link, !here.pointee.parent.pointee.flags.contains(.inUpper) {
            missing = here.pointee.parent
            link = here.pointee.parent.pointee.links
        }
        return missing
    }

    /// Precondition: the body gate is held, and the upper has the parent.
    func copyUpHeld(_ node: Node, data: CopiedData) throws(Errno) {
        if isUp(node, data) { return }
        try retryingWithoutIdleDirectories { () throws(Errno) in
            if node.pointee.flags.contains(.inUpper) { return try completeData(node, data) }
            if node.pointee.directory != nil {
                guard !node.pointee.flags.contains(.removed) else { throw Errno.noEntry }
                return try copyUpDirectory(node)
            }
            if node.pointee.flags.contains(.removed) { return try copyUpRemoved(node, data) }
            try copyUpObject(node, data)
        }
    }

    // MARK: Directories

    private func copyUpDirectory(_ node: Node) throws(Errno) {
        guard let work, let directory = node.pointee.directory, let source = directory.pointee.lowers.first else {
            throw Errno.stale
        }
        guard let link = firstLink(node), let upperParent = link.pointee.parent.pointee.directory?.pointee.upper else {
            throw Errno.stale
        }
        let from = try pin(source)
        defer { unpin(source) }
        let to = try pin(upperParent)
        defer { unpin(upperParent) }
        let status = try from.status()
        let above = try to.status()
        let temporary = work.temporaryName()
        try work.directory.makeDirectory(temporary, mode: 0o700)
        do throws(Errno) {
            let copy = try work.directory.open(temporary, [.path, .directory, .noFollow])
            let real = try copy.fd.status().ino
            try setMetadata(of: copy.fd, "", from: from, "", status, layer: source.pointee.layer)
            try markOrigin(copy.fd, "", from, "", layer: source.pointee.layer)
            markImpure(upperParent, to)
            if try publishedOverWhiteout(temporary, to, link.pointee.name.path, isDirectory: true) == false {
                try work.directory.rename(temporary, to: to, link.pointee.name.path)
            }
            clearFileWhiteout(to, link.pointee.name)
            monitor.lock()
            directory.pointee.upper = makeLayerDirectoryLocked(
                layer: 0, parent: upperParent, name: link.pointee.name.retain())
            node.pointee.real = real
            node.pointee.flags.insert([.inUpper])
            monitor.unlock()
            restoreTimes(to, above)
            // Merged from now on: its link count is 1.
            if directory.pointee.lowers.count == 1 { onAttributesChanged?(NodeID(node)) }
        } catch {
            try? work.directory.removeTree(temporary)
            throw error
        }
    }

    /// A name whose place in the upper is a whiteout after all (a directory that came back by a redirect): taken over.
    private func publishedOverWhiteout(
        _ temporary: [CChar], _ to: FD, _ name: CPath, isDirectory: Bool
    ) throws(Errno) -> Bool {
        guard let work else { throw Errno.readOnly }
        do throws(Errno) {
            try work.directory.rename(temporary, to: to, name, flags: 1)
            return true
        } catch {
            guard error == .exists else { throw error }
        }
        guard try to.status(name).isWhiteout else { throw Errno.exists }
        try work.directory.rename(temporary, to: to, name, flags: 2)
        try? work.directory.unlink(temporary)
        return true
    }

    /// A copy-up is no change of the directory that it happens in.
    func restoreTimes(_ directory: FD, _ status: Status) {
        try? directory.setTimes(
            "", access: Timestamp(seconds: status.atime_s, nanoseconds: Int64(status.atime_ns)),
            modified: Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns)))
    }

    /// The name under which the upper gets it: one whose directory is there already, where there is a choice.
    func firstLink(_ node: Node) -> Link? {
        monitor.lock()
        defer { monitor.unlock() }
        var link = node.pointee.links
        while let here = link, !here.pointee.parent.pointee.flags.contains(.inUpper) { link = here.pointee.sibling }
        return link ?? node.pointee.links
    }

    // MARK: Other objects

    private func copyUpObject(_ node: Node, _ wanted: CopiedData) throws(Errno) {
        guard let work, let place = node.pointee.lower, let link = firstLink(node),
            let upperParent = link.pointee.parent.pointee.directory?.pointee.upper
        else { throw Errno.stale }
        let from = try pin(place.directory)
        defer { unpin(place.directory) }
        let to = try pin(upperParent)
        defer { unpin(upperParent) }
        let status = try from.status(place.name.path)
        let above = try to.status()
        let layer = place.directory.pointee.layer
        let indexed = configuration.index && status.nlink > 1 && work.index != nil
        let metadataOnly = wanted == .metadataOnly && configuration.metacopy && status.isRegular
        // What is in a lower by metadata only has its data elsewhere still.
        let data: CopiedData = metadataOnly ? .metadataOnly : wanted == .none ? .none : .all
        var object = try makeObject(status, from, place.name.path)
        do throws(Errno) {
            if status.isRegular, data == .all {
                let source = try openForReading(node)
                let size = try source.fd.status().size
                try copyContent(of: source.fd, size: size, to: object.fd)
            } else if data == .metadataOnly {
                try check(cl_ftruncate(object.raw, Int64(clamping: try dataSize(node))))
                try object.fd.setAttribute("", marks.name(.metacopy), [])
                try markData(node, object.fd)
            }
            try setMetadata(of: object.fd, "", from: from, place.name.path, status, layer: layer)
            var origin: Origin?
            if status.nlink == 1 || indexed {
                origin = try markOrigin(object.fd, "", from, place.name.path, layer: layer)
            }
            // Without one the other names would be lost.
            if indexed, origin == nil { throw Errno.io }
            markImpure(upperParent, to)
            let real = try object.fd.status().ino
            var entered = false
            if indexed, let origin {
                try publish(&object, to: to, link.pointee.name.path, index: origin)
                entered = true
            } else {
                try publish(&object, to: to, link.pointee.name.path, index: nil)
            }
            clearFileWhiteout(to, link.pointee.name)
            if entered, let origin {
                node.pointee.linkDelta = Int32(clamping: status.nlink) - 2
                setIndexed(node, origin)
            }
            finish(node, object, real: real, metadataOnly: metadataOnly, hasOrigin: origin != nil)
            if entered { writeLinkDelta(node) }
            restoreTimes(to, above)
        } catch {
            discard(object)
            throw error
        }
    }

    /// The node is the upper's from now on; open handles follow it.
    private func finish(
        _ node: Node, _ object: borrowing NewObject, real: UInt64, metadataOnly: Bool, hasOrigin: Bool
    ) {
        monitor.lock()
        node.pointee.real = real
        var flags = node.pointee.flags
        flags.insert(.inUpper)
        if hasOrigin { flags.insert(.hasOrigin) }
        if metadataOnly { flags.insert(.metacopy) }
        if metadataOnly, node.pointee.data == nil {
            node.pointee.data = node.pointee.lower
            node.pointee.lower = nil
        }
        if !metadataOnly { releaseLocked(&node.pointee.data) }
        releaseLocked(&node.pointee.lower)
        node.pointee.flags = flags
        monitor.unlock()
        if !metadataOnly { moveHandles(node, object.fd) }
    }

    /// Handles that were opened for reading read the copy from now on (SEMANTICS 5.7).
    private func moveHandles(_ node: Node, _ object: FD) {
        guard let file = node.pointee.file, file.pointee.opens > 0, file.pointee.writing < 0 else { return }
        if let writing = try? object.reopen(.readWrite) {
            if file.pointee.reading >= 0, file.pointee.retired < 0 {
                file.pointee.retired = file.pointee.reading
            }
            file.pointee.writing = writing.release()
            file.pointee.reading = -1
        } else if let reading = try? object.reopen(.readOnly) {
            file.pointee.retired = file.pointee.reading
            file.pointee.reading = reading.release()
        }
    }

    /// An open file that has lost its name is copied to a file without one.
    private func copyUpRemoved(_ node: Node, _ wanted: CopiedData) throws(Errno) {
        guard let file = node.pointee.file, file.pointee.any >= 0 else { throw Errno.stale }
        let from = FD(file.pointee.any)
        let status = try from.status()
        guard status.isRegular else { throw Errno.stale }
        let object = try makeObject(status, from, "")
        do throws(Errno) {
            if wanted != .none {
                let source = try from.reopen(.readOnly)
                try object.fd.copyData(from: source.fd, size: Int64(clamping: status.size))
            }
            try setMetadata(of: object.fd, "", from: from, "", status, layer: lowerLayer(node))
        } catch {
            discard(object)
            throw error
        }
        let real = try object.fd.status().ino
        discardName(object)
        finish(node, object, real: real, metadataOnly: false, hasOrigin: false)
        if file.pointee.writing < 0, let own = try? object.fd.reopen(.readWrite) {
            if file.pointee.reading >= 0, file.pointee.retired < 0 { file.pointee.retired = file.pointee.reading }
            file.pointee.reading = -1
            file.pointee.writing = own.release()
        }
    }

    /// Gives a metacopy its data (ovl_copy_up_meta_inode_data). Precondition: body held.
    private func completeData(_ node: Node, _ wanted: CopiedData) throws(Errno) {
        guard node.pointee.flags.contains(.metacopy), wanted != .metadataOnly else { return }
        let source = wanted == .all ? try openForReading(node) : Descriptor(owning: -1)
        let capability = "security.capability"
        try withObject(node, settled: true) { (fd, name) throws(Errno) in
            // Writing takes it away; that was no write of the caller's.
            let kept = wanted == .all ? try fd.attribute(name, capability) : nil
            let status = try fd.status(name)
            var mode: UInt32?
            let object: Descriptor
            do throws(Errno) {
                object = try name.pointee == 0 ? fd.reopen(.readWrite) : fd.open(name, [.readWrite, .noFollow])
            } catch {
                // Read-only by its mode, and ours to change for a moment.
                guard error == .access else { throw error }
                try fd.setMode(name, 0o600)
                mode = status.mode & 0o7777
                object = try name.pointee == 0 ? fd.reopen(.readWrite) : fd.open(name, [.readWrite, .noFollow])
            }
            do throws(Errno) {
                if wanted == .all {
                    let size = try source.fd.status().size
                    try copyContent(of: source.fd, size: size, to: object.fd)
                }
                if let kept { try object.fd.setAttribute("", capability, kept) }
                try restoreSetID(object.fd, status)
                try object.fd.setTimes(
                    "", access: Timestamp(seconds: status.atime_s, nanoseconds: Int64(status.atime_ns)),
                    modified: Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns)))
                try object.fd.removeAttribute("", marks.name(.metacopy))
                if let mode { try fd.setMode(name, mode) }
            } catch {
                _ = cl_ftruncate(object.raw, 0)
                _ = cl_ftruncate(object.raw, Int64(clamping: status.size))
                if let mode { try? fd.setMode(name, mode) }
                throw error
            }
            monitor.lock()
            node.pointee.flags.remove(.metacopy)
            releaseLocked(&node.pointee.data)
            monitor.unlock()
            moveHandles(node, object.fd)
        }
    }

    private func restoreSetID(_ fd: FD, _ status: Status) throws(Errno) {
        if status.mode & 0o6000 != 0, try fd.status().mode != status.mode { try fd.setMode("", status.mode & 0o7777) }
    }

    private func dataSize(_ node: Node) throws(Errno) -> UInt64 {
        guard let place = node.pointee.data ?? node.pointee.lower else { throw Errno.stale }
        return try statusOf(place).size
    }
}
