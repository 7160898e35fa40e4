import CLinux
import Glibc
import Linux

/// A directory inside one layer. Its descriptor may be closed and opened again, within a budget.
typealias LayerDirectory = UnsafeMutablePointer<LayerDirectoryRecord>

/// Guarded by the table lock throughout.
struct LayerDirectoryRecord {
    let layer: Int
    /// Those that keep it: nodes, children.
    var references: UInt32 = 1
    /// Calls that use the descriptor now.
    var pins: UInt32 = 0
    /// An O_PATH descriptor, or -1.
    var descriptor: Int32 = -1
    /// Counted; nil for a layer's root.
    var parent: LayerDirectory?
    var name: NameBytes?
    /// Recently used before and after this one; only while the descriptor is open.
    var newer: LayerDirectory?
    var older: LayerDirectory?
    /// Whether it holds `.wh.` names; whether entries may carry an origin (overlay.impure).
    var dotWhiteouts: Known = .unknown
    var impure: Known = .unknown
    /// Marked opaque `x`: empty files in it may be whiteouts by attribute.
    var attributeWhiteouts = false
    /// How often a `.wh.` name was asked for one by one.
    var probes: UInt8 = 0
    /// A mount covers it: shown empty.
    var covered = false
}

extension Union {
    /// The directory's descriptor, valid until `unpin`. Opened beneath the layer's root, never through a symlink or
    /// into another mount (SEMANTICS 1.4).
    ///
    /// - Throws: EXDEV where a mount covers it; what openat2(2) says otherwise.
    func pin(_ directory: LayerDirectory) throws(Errno) -> FD {
        while true {
            monitor.lock()
            if directory.pointee.descriptor >= 0 {
                directory.pointee.pins += 1
                touchLocked(directory)
                let fd = FD(directory.pointee.descriptor)
                monitor.unlock()
                return fd
            }
            let generation = renames
            var path = PathBuilder()
            var base = directory
            while base.pointee.descriptor < 0, let parent = base.pointee.parent, let name = base.pointee.name,
                path.prepend(name.bytes)
            {
                base = parent
            }
            if base.pointee.descriptor >= 0 { base.pointee.pins += 1 }
            base.pointee.references += 1
            let open = base.pointee.descriptor >= 0
            monitor.unlock()
            defer {
                monitor.lock()
                releaseLocked(base)
                monitor.unlock()
            }
            let from = open ? FD(base.pointee.descriptor) : try pin(base)
            let result = openBeneath(from, &path, layer: directory.pointee.layer)
            unpin(base)
            monitor.lock()
            let moved = renames != generation && directory.pointee.layer == 0
            if result >= 0, !moved {
                if directory.pointee.descriptor >= 0 {
                    _ = cl_close(result)
                } else {
                    directory.pointee.descriptor = result
                    openDirectories += 1
                    insertRecentLocked(directory)
                }
                directory.pointee.pins += 1
                let fd = FD(directory.pointee.descriptor)
                evictLocked()
                monitor.unlock()
                return fd
            }
            monitor.unlock()
            if result >= 0 { _ = cl_close(result) }
            if moved { continue }
            try check(result)
        }
    }

    func unpin(_ directory: LayerDirectory) {
        monitor.lock()
        directory.pointee.pins -= 1
        monitor.unlock()
    }

    private func openBeneath(_ base: FD, _ path: inout PathBuilder, layer: Int) -> Int32 {
        let flags = OpenFlags([.path, .directory, .noFollow])
        var result = Int32(-38)
        for attempt in 0..<2 {
            if hasOpenat2 {
                result = path.withPath {
                    cl_openat2(
                        base.raw, $0, UInt64(UInt32(bitPattern: flags.rawValue)), 0,
                        (layers[layer].ownMount ? Resolve.layer.subtracting(.noCrossing) : Resolve.layer).rawValue)
                }
                if result == -38 { hasOpenat2 = false }
            }
            if result == -38 { result = path.walk(from: base, flags: flags, device: layers[layer].device) }
            if (result == -24 || result == -23), attempt == 0 { closeIdleDirectories() } else { break }
        }
        return result
    }

    // MARK: Making and releasing. Precondition: the table lock is held.

    func makeLayerDirectoryLocked(layer: Int, parent: LayerDirectory, name: NameBytes) -> LayerDirectory {
        parent.pointee.references += 1
        let directory = LayerDirectory.allocate(capacity: 1)
        directory.initialize(to: LayerDirectoryRecord(layer: layer, parent: parent, name: name))
        return directory
    }

    func releaseLocked(_ first: LayerDirectory) {
        var next: LayerDirectory? = first
        while let directory = next {
            directory.pointee.references -= 1
            if directory.pointee.references > 0 { return }
            next = directory.pointee.parent
            if directory.pointee.descriptor >= 0 { closeLocked(directory) }
            directory.pointee.name?.release()
            directory.deallocate()
        }
    }

    // MARK: The budget of descriptors. Precondition: the table lock is held.

    private func insertRecentLocked(_ directory: LayerDirectory) {
        directory.pointee.older = newest
        directory.pointee.newer = nil
        newest?.pointee.newer = directory
        newest = directory
        if oldest == nil { oldest = directory }
    }

    private func removeRecentLocked(_ directory: LayerDirectory) {
        if let newer = directory.pointee.newer { newer.pointee.older = directory.pointee.older }
        if let older = directory.pointee.older { older.pointee.newer = directory.pointee.newer }
        if newest == directory { newest = directory.pointee.older }
        if oldest == directory { oldest = directory.pointee.newer }
        directory.pointee.newer = nil
        directory.pointee.older = nil
    }

    private func touchLocked(_ directory: LayerDirectory) {
        // A layer's root is not in the list, and the newest is where it belongs.
        if newest == directory || directory.pointee.parent == nil { return }
        removeRecentLocked(directory)
        insertRecentLocked(directory)
    }

    private func closeLocked(_ directory: LayerDirectory) {
        if directory.pointee.parent != nil {
            removeRecentLocked(directory)
            openDirectories -= 1
        }
        _ = cl_close(directory.pointee.descriptor)
        directory.pointee.descriptor = -1
    }

    private func evictLocked() {
        var candidate = oldest
        while openDirectories > directoryBudget, let directory = candidate {
            candidate = directory.pointee.newer
            if directory.pointee.pins == 0 { closeLocked(directory) }
        }
    }

    /// Gives back every descriptor that no call uses: when the process has run out of them.
    func closeIdleDirectories() {
        monitor.lock()
        var candidate = oldest
        while let directory = candidate {
            candidate = directory.pointee.newer
            if directory.pointee.pins == 0 { closeLocked(directory) }
        }
        monitor.unlock()
    }
}

/// A path put together from its end, at most a few thousand bytes of it.
struct PathBuilder {
    private var bytes: [CChar] = [0]

    /// False when the name does not fit any more.
    mutating func prepend(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes.count + name.count + 1 > 3800 { return false }
        bytes.append(contentsOf: bytes.count > 1 ? [47] : [])
        for byte in name.reversed() { bytes.append(CChar(bitPattern: byte)) }
        return true
    }

    func withPath<Result>(_ body: (CPath) -> Result) -> Result {
        let forward = bytes.count == 1 ? [46, 0] : Array(bytes.reversed())
        return forward.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return "".withCString(body) }
            return body(base)
        }
    }

    /// Component by component, for kernels without openat2(2): the same guarantees, more calls.
    func walk(from base: FD, flags: OpenFlags, device: UInt64) -> Int32 {
        var current = cl_dup(base.raw)
        let components = bytes.dropFirst().reversed().split(separator: 47)
        for component in components {
            if current < 0 { return current }
            let name = Array(component) + [0]
            let next = cl_openat(current, name, flags.rawValue, 0)
            _ = cl_close(current)
            current = next
            if current >= 0 {
                guard let status = try? FD(current).status(), status.dev == device else {
                    _ = cl_close(current)
                    return -18
                }
            }
        }
        return current
    }
}
