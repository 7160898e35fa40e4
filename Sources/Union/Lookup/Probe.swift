import CLinux
import Glibc
import Linux

/// What the layers say of a name.
struct Found {
    /// The topmost object.
    var status: Status
    var layer: Int
    /// For directories: every directory that merges, top to bottom, each counted for the caller.
    var directories: [LayerDirectory] = []
    /// For other objects, the directory that holds it in its layer (not counted).
    var holder: LayerDirectory
    /// The name it has there.
    var name: [UInt8]?
}

extension Union {
    /// The object at `name` in one layer's directory, or nil where there is none, with what it means for the layers below.
    enum Sight {
        case missing
        case whiteout
        case object(Status)
    }

    func look(_ directory: LayerDirectory, _ name: Name) throws(Errno) -> Sight {
        if directory.pointee.covered { return .missing }
        let fd: FD
        do throws(Errno) { fd = try pin(directory) } catch {
            switch error {
            case .crossDevice:
                directory.pointee.covered = true
                return .missing
            // A layer that changes under us: what is gone is gone.
            case .noEntry, .notDirectory, .loop: return .missing
            default: throw error
            }
        }
        defer { unpin(directory) }
        let status: Status
        do throws(Errno) { status = try fd.status(name.path) } catch {
            if error == .noEntry || error == .notDirectory { return .missing }
            throw error
        }
        if status.isWhiteout { return .whiteout }
        if directory.pointee.attributeWhiteouts, status.isRegular, status.size == 0, isAttributeWhiteout(fd, name) {
            return .whiteout
        }
        return .object(status)
    }

    /// Whether a `.wh.` file in `directory` hides `name` in the layers below. Asked only when a layer below has the name:
    /// a few times one by one, then by reading the directory once.
    func isHiddenByFile(_ directory: LayerDirectory, _ name: Name) throws(Errno) -> Bool {
        if configuration.whiteouts == .device || directory.pointee.covered { return false }
        if directory.pointee.dotWhiteouts == .no || name.count > 251 { return false }
        let fd: FD
        do throws(Errno) { fd = try pin(directory) } catch {
            if error == .noEntry || error == .crossDevice { return false }
            throw error
        }
        defer { unpin(directory) }
        if directory.pointee.dotWhiteouts == .unknown {
            directory.pointee.probes &+= 1
            if directory.pointee.probes > 8 {
                var any = false
                do throws(Errno) {
                    let listing = try openToList(fd)
                    try listing.fd.forEachEntry { entry in
                        any = entry.name.count > 4 && memcmp(entry.path, ".wh.", 4) == 0
                        return !any
                    }
                    directory.pointee.dotWhiteouts = any ? .yes : .no
                    if !any { return false }
                } catch {
                    // Unreadable: asked one by one for ever.
                    directory.pointee.probes = 0
                }
            }
        }
        return try withUnsafeTemporaryAllocationThrowing(byteCount: 264) { (buffer) throws(Errno) in
            guard let base = buffer.baseAddress else { throw Errno.noMemory }
            memcpy(base, ".wh.", 4)
            memcpy(base + 4, name.path, name.count + 1)
            do throws(Errno) {
                _ = try fd.status(base.assumingMemoryBound(to: CChar.self))
                return true
            } catch {
                if error == .noEntry { return false }
                throw error
            }
        }
    }

    /// Looks `name` up through `directories`, top to bottom, and merges (SEMANTICS 2.2).
    func probe(_ directories: some Collection<LayerDirectory>, _ name: Name) throws(Errno) -> Found? {
        var wanted: [UInt8]?
        var found: Found?
        var above: [LayerDirectory] = []
        let last = directories.count - 1
        for (position, directory) in directories.enumerated() {
            let sight: Sight
            if let other = wanted {
                sight = try withName(other) { (name) throws(Errno) in try look(directory, name) }
            } else {
                sight = try look(directory, name)
            }
            switch sight {
            case .missing:
                if position < last { above.append(directory) }
                continue
            case .whiteout: return found
            case .object(let status):
                for hider in above where try isHiddenByFile(hider, name) { return found }
                above.removeAll()
                if !status.isDirectory {
                    // A file below a directory is hidden by it.
                    if found != nil { return found }
                    return Found(status: status, layer: directory.pointee.layer, holder: directory, name: wanted)
                }
                let step = try merge(directory, status, wanted ?? Array(name.bytes), isLast: position == last)
                if found == nil {
                    found = Found(status: status, layer: directory.pointee.layer, holder: directory)
                }
                found?.directories.append(step.directory)
                if step.marks.opaque { return found }
                if let redirect = step.marks.redirect, configuration.redirect != .nofollow {
                    if redirect.first == 0x2f {
                        found?.directories += try follow(redirect, below: directory.pointee.layer)
                        return found
                    }
                    guard !redirect.isEmpty, !redirect.contains(0x2f), !redirect.contains(0) else { throw Errno.io }
                    wanted = redirect
                } else if step.marks.redirect != nil {
                    // Not followed: what the redirect leads to must not be confused with what has the name.
                    throw Errno.notPermitted
                }
                // `.wh.NAME` and `NAME` in one layer: the directory replaces what is below.
                if position < last, try isHiddenByFile(directory, name) { return found }
            }
        }
        return found
    }

    private func merge(
        _ holder: LayerDirectory, _ status: Status, _ name: [UInt8], isLast: Bool
    ) throws(Errno) -> (directory: LayerDirectory, marks: DirectoryMarks) {
        var marks = DirectoryMarks()
        let covered = !layers[holder.pointee.layer].ownMount && status.mount_id != layers[holder.pointee.layer].mountID
        let isMarked = layers[holder.pointee.layer].record.pointee.attributeWhiteouts
        if !covered, !isLast || isMarked || holder.pointee.layer < firstDataLayer - 1 {
            let fd = try pin(holder)
            defer { unpin(holder) }
            // Where the name ends here only a redirect leads further, and what has one was moved here. A layer whose
            // root is marked may have whiteouts by attribute also where nothing is below.
            if !isLast || isMarked
                || configuration.redirect != .nofollow && isImpure(holder, fd)
            {
                marks = try withName(name) { (name) throws(Errno) in try readMarks(fd, name) }
            }
        }
        monitor.lock()
        let bytes = name.withUnsafeBufferPointer { NameBytes($0) }
        let directory = makeLayerDirectoryLocked(layer: holder.pointee.layer, parent: holder, name: bytes)
        monitor.unlock()
        directory.pointee.covered = covered
        directory.pointee.attributeWhiteouts = marks.attributeWhiteouts
        return (directory, marks)
    }

    /// The directories that an absolute redirect leads to, in the layers below `layer`.
    private func follow(_ redirect: [UInt8], below layer: Int) throws(Errno) -> [LayerDirectory] {
        var current: [LayerDirectory] = layers.indices.filter { $0 > layer && $0 < firstDataLayer }
            .map { layers[$0].rootDirectory() }
        for component in redirect.split(separator: 0x2f) {
            guard component != [0x2e], component != [0x2e, 0x2e], component.count <= 255, !component.contains(0) else {
                release(current)
                throw Errno.io
            }
            let parents = current
            defer { release(parents) }
            let next = try withName(Array(component)) { (name) throws(Errno) in try probe(parents, name) }
            guard let next, next.status.isDirectory else { return [] }
            current = next.directories
        }
        return current
    }

    func release(_ directories: [LayerDirectory]) {
        monitor.lock()
        for directory in directories { releaseLocked(directory) }
        monitor.unlock()
    }

    /// Whether any lower of this directory shows `name`: whether removing it needs a whiteout.
    func hasBelow(_ directory: Directory, _ name: Name) throws(Errno) -> Bool {
        if directory.pointee.lowers.isEmpty { return false }
        guard let found = try probe(directory.pointee.lowers, name) else { return false }
        release(found.directories)
        return true
    }
}
