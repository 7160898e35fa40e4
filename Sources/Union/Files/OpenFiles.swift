import CLinux
import Glibc
public import Linux

extension Union {
    /// Opens a file for reading, or for both when `writing`; copies it up first when it will be written (SEMANTICS 5.1).
    /// `truncate` empties it, and then no data is copied (5.4). Each open is ended by ``close(_:)``.
    public func open(_ node: NodeID, writing: Bool, truncate: Bool = false) throws(Errno) {
        let node = node.node
        guard node.pointee.type == 0o100000 else {
            throw node.pointee.directory == nil ? Errno.noDeviceOrAddress : .isDirectory
        }
        if writing || truncate {
            try copyUp(node, data: truncate ? .none : .all)
        }
        try retryingWithoutIdleDirectories { () throws(Errno) in
            enterBody(node)
            defer { leaveBody(node) }
            try openLocked(node, writing: writing || truncate)
            if truncate, let file = node.pointee.file {
                do throws(Errno) { try check(cl_ftruncate(file.pointee.writing, 0)) } catch {
                    endOpen(node)
                    throw error
                }
            }
        }
    }

    /// Precondition: body held.
    func openLocked(_ node: Node, writing: Bool) throws(Errno) {
        let file = fileRecord(node)
        do throws(Errno) {
            if writing, file.pointee.writing < 0 {
                try withObject(node, settled: true) { (fd, name) throws(Errno) in
                    do throws(Errno) {
                        file.pointee.writing = try openObject(fd, name, .readWrite).release()
                    } catch {
                        // Its mode lets us write, not read.
                        guard error == .access else { throw error }
                        file.pointee.writing = try openObject(fd, name, .writeOnly).release()
                        file.pointee.writeOnly = true
                    }
                }
                settleReading(file)
            } else if !writing, file.pointee.reading < 0, file.pointee.writing < 0 || file.pointee.writeOnly {
                file.pointee.reading = try openForReading(node).release()
            }
        } catch {
            dropFileIfIdle(node)
            throw error
        }
        monitor.lock()
        file.pointee.opens += 1
        node.pointee.holds += 1
        monitor.unlock()
    }

    /// All handles read what is written from now on.
    private func settleReading(_ file: OpenFile) {
        if file.pointee.writeOnly { return }
        if file.pointee.reading >= 0, file.pointee.retired < 0 {
            file.pointee.retired = file.pointee.reading
            file.pointee.reading = -1
        }
    }

    private func openObject(_ fd: FD, _ name: CPath, _ flags: OpenFlags) throws(Errno) -> Descriptor {
        if name.pointee == 0 { return try fd.reopen(flags.union([.nonBlocking])) }
        return try fd.open(name, flags.union([.noFollow, .nonBlocking, .noControllingTerminal]))
    }

    /// The data for reading: the upper's, or the lower's without touching its access time (SEMANTICS 1.5).
    func openForReading(_ node: Node) throws(Errno) -> Descriptor {
        guard let place = node.pointee.data ?? node.pointee.lower else {
            return try withObject(node, settled: true) { (fd, name) throws(Errno) in
                try openObject(fd, name, .readOnly)
            }
        }
        let fd = try pin(place.directory)
        defer { unpin(place.directory) }
        let layer = layers[place.directory.pointee.layer]
        let flags: OpenFlags = [.noFollow, .nonBlocking, .noControllingTerminal, .noAccessTime]
        // Another mount may cover the name, where the layer's own mount is not a private copy.
        let resolve: Resolve = layer.ownMount ? [] : [.noCrossing]
        do throws(Errno) {
            return try openLower(fd, place.name.path, flags, resolve)
        } catch {
            guard error == .notPermitted else { throw error }
            return try openLower(fd, place.name.path, flags.subtracting(.noAccessTime), resolve)
        }
    }

    private func openLower(
        _ fd: FD, _ name: CPath, _ flags: OpenFlags, _ resolve: Resolve
    ) throws(Errno) -> Descriptor {
        if !resolve.isEmpty, hasOpenat2 {
            do throws(Errno) { return try fd.open(name, flags, resolve: resolve) } catch {
                guard error == .notImplemented else { throw error }
                hasOpenat2 = false
            }
        }
        return try fd.open(name, flags)
    }

    /// Ends one open.
    public func close(_ node: NodeID) {
        let node = node.node
        enterBody(node)
        endOpen(node)
        leaveBody(node)
        monitor.lock()
        collectLocked(node)
        monitor.unlock()
    }

    private func endOpen(_ node: Node) {
        guard let file = node.pointee.file else { return }
        monitor.lock()
        file.pointee.opens -= 1
        node.pointee.holds -= 1
        monitor.unlock()
        dropFileIfIdle(node)
    }

    /// Precondition: body held. An object without a name keeps one descriptor until it is forgotten.
    private func dropFileIfIdle(_ node: Node) {
        guard let file = node.pointee.file, file.pointee.opens == 0 else { return }
        if node.pointee.flags.contains(.removed) {
            if file.pointee.retired >= 0 { _ = cl_close(file.pointee.retired) }
            file.pointee.retired = -1
            return
        }
        monitor.lock()
        node.pointee.file = nil
        monitor.unlock()
        closeFile(file)
    }

    func closeFile(_ file: OpenFile) {
        for raw in [file.pointee.reading, file.pointee.writing, file.pointee.retired, file.pointee.anchor]
        where raw >= 0 {
            _ = cl_close(raw)
        }
        file.deallocate()
    }

    func fileRecord(_ node: Node) -> OpenFile {
        monitor.lock()
        defer { monitor.unlock() }
        if let file = node.pointee.file { return file }
        let file = OpenFile.allocate(capacity: 1)
        file.initialize(to: OpenFileRecord())
        node.pointee.file = file
        return file
    }

    /// Gives back the directories' descriptors and tries again when there are none left for a file (SEMANTICS 11.3).
    func retryingWithoutIdleDirectories<Result: ~Copyable>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        do throws(Errno) { return try body() } catch {
            guard error == .tooManyDescriptors || error == .tooManyFiles else { throw error }
            closeIdleDirectories()
            return try body()
        }
    }

    // MARK: Using an open file

    /// The descriptor to read from; valid while the file is open.
    @inline(__always)
    public func readingDescriptor(_ node: NodeID) throws(Errno) -> FD {
        guard let file = node.node.pointee.file else { throw Errno.badDescriptor }
        if file.pointee.writing >= 0, !file.pointee.writeOnly { return FD(file.pointee.writing) }
        guard file.pointee.reading >= 0 else { throw Errno.badDescriptor }
        return FD(file.pointee.reading)
    }

    /// The descriptor to read from, also of a file that nobody opened, for one call: for who knows that nobody changes the
    /// lowers of a mount that cannot be written.
    ///
    /// - Throws: ESTALE where the layer has another file there by now, or what opening it says.
    @inline(__always)
    public func withReadingDescriptor<Result>(
        _ node: NodeID, _ body: (FD) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        if node.node.pointee.file != nil || !isReadOnly { return try body(readingDescriptor(node)) }
        let node = node.node
        guard node.pointee.type == 0o100000 else { throw Errno.invalid }
        let file = try retryingWithoutIdleDirectories { () throws(Errno) in try openForReading(node) }
        if node.pointee.data == nil, try file.fd.status().ino != node.pointee.real { throw Errno.stale }
        return try body(file.fd)
    }

    /// The descriptor to write to; valid while the file is open for writing.
    @inline(__always)
    public func writingDescriptor(_ node: NodeID) throws(Errno) -> FD {
        guard let file = node.node.pointee.file, file.pointee.writing >= 0 else {
            throw isReadOnly ? Errno.readOnly : .badDescriptor
        }
        return FD(file.pointee.writing)
    }

    /// Whether it is open for writing but cannot be read, so that nothing may be cached page by page.
    public func isWriteOnly(_ node: NodeID) -> Bool { node.node.pointee.file?.pointee.writeOnly ?? false }

    /// Whether the upper has the file, data and all.
    public func isInUpper(_ node: NodeID) -> Bool {
        node.node.pointee.flags.contains(.inUpper) && !node.node.pointee.flags.contains(.metacopy)
    }

    /// Room for the FUSE session to note something of an open file; calls must be kept apart by the caller.
    public func withSessionState<Result>(_ node: NodeID, _ body: (inout SessionState) -> Result) -> Result? {
        guard let file = node.node.pointee.file else { return nil }
        monitor.lock()
        defer { monitor.unlock() }
        return body(&file.pointee.session)
    }

    /// fsync(2) of a file or directory; nothing with `volatile` (SEMANTICS 8.3).
    public func sync(_ node: NodeID, dataOnly: Bool) throws(Errno) {
        if configuration.volatile { return }
        let node = node.node
        if let file = node.pointee.file, file.pointee.writing >= 0 {
            try check(dataOnly ? cl_fdatasync(file.pointee.writing) : cl_fsync(file.pointee.writing))
            return
        }
        guard node.pointee.flags.contains(.inUpper) else { return }
        enterBody(node)
        defer { leaveBody(node) }
        try withObject(node, settled: true) { (fd, name) throws(Errno) in
            let flags: OpenFlags = node.pointee.directory == nil ? .readOnly : [.readOnly, .directory]
            let open = try name.pointee == 0 ? fd.reopen(flags) : fd.open(name, flags.union([.noFollow, .nonBlocking]))
            try check(dataOnly ? cl_fdatasync(open.raw) : cl_fsync(open.raw))
        }
    }

    /// Takes back the mark of a `volatile` mount that came to nothing: nothing was written.
    public func unmarkVolatile() {
        if configuration.volatile { try? work?.directory.removeDirectory("incompat/volatile") }
    }

    /// Everything written so far reaches the disk; at the end of a mount. Nothing with `volatile`.
    public func syncAll() {
        // All is written; it only has to reach the disk, which nobody has to wait for.
        work?.unlock()
        if configuration.volatile { return }
        if let work { _ = cl_syncfs(work.directory.raw) }
    }
}
