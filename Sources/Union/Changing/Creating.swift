import CLinux
import Glibc
public import Linux

/// What to create.
public enum NewKind {
    case file
    case directory
    /// A fifo, socket or device: its S_IFMT bits and device number.
    case special(type: UInt32, device: UInt64)
    case symlink(target: CPath)
}

extension Union {
    /// Creates `name` in `parent`, owned by `caller` (SEMANTICS 9.2). A file is opened for writing, once.
    ///
    /// `mode`: permission and set-id bits before the umask. `absent`: the kernel has looked the name up, found
    /// nothing, and keeps the directory locked.
    /// - Throws: EEXIST, EROFS, EINVAL for a `.wh.` name (2.3), EPERM for a device 0/0, or what the upper says.
    public func create(
        _ parent: NodeID, _ name: Name, _ kind: NewKind, mode: UInt32, caller: Caller, absent: Bool = false
    ) throws(Errno) -> Entry {
        let parent = parent.node
        try checkNew(parent, name)
        if case .special(let type, let device) = kind, type == 0o020000, device == 0 { throw Errno.notPermitted }
        try copyUp(parent)
        enterNames(parent, exclusive: true)
        defer { leaveNames(parent) }
        guard !parent.pointee.flags.contains(.removed) else { throw Errno.noEntry }
        if !absent { try checkAbsent(parent, name) }
        guard let directory = parent.pointee.directory, let upper = directory.pointee.upper else { throw Errno.stale }
        return try retryingWithoutIdleDirectories { () throws(Errno) in
            let to = try pin(upper)
            defer { unpin(upper) }
            let inherits = inheritsACL(directory, to)
            let effective = inherits ? mode : mode & ~caller.umask
            var opened: Int32 = -1
            do throws(Errno) {
                opened = try make(to, name.path, kind, effective, caller)
                if case .directory = kind { try settleDirectory(directory, to, upper, name) }
                clearFileWhiteout(to, name)
            } catch {
                guard error == .exists, try to.status(name.path).isWhiteout else { throw error }
                opened = try makeOverWhiteout(to, name, kind, effective, caller, inherits: inherits)
            }
            do throws(Errno) {
                return try adoptNew(parent, to, name, kind, opened)
            } catch {
                if opened >= 0 { _ = cl_close(opened) }
                throw error
            }
        }
    }

    func checkNew(_ parent: Node, _ name: Name) throws(Errno) {
        guard work != nil else { throw Errno.readOnly }
        guard parent.pointee.directory != nil else { throw Errno.notDirectory }
        guard name.count <= 255 else { throw Errno.nameTooLong }
        if name.isDotWhiteout, configuration.whiteouts != .device { throw Errno.invalid }
    }

    func checkAbsent(_ parent: Node, _ name: Name) throws(Errno) {
        if let existing = try find(parent, name) {
            forget(existing.node, count: 1)
            throw Errno.exists
        }
    }

    /// Makes the object under its name; returns a descriptor for a file, otherwise -1.
    private func make(
        _ to: FD, _ name: CPath, _ kind: NewKind, _ mode: UInt32, _ caller: Caller
    ) throws(Errno) -> Int32 {
        var result: Int32 = -1
        try asCaller(caller) { () throws(Errno) in
            switch kind {
            case .file: result = try to.open(name, [.create, .exclusive, .readWrite, .noFollow], mode: mode).release()
            case .directory: try to.makeDirectory(name, mode: mode)
            case .symlink(let target): try to.makeSymlink(name, target: target)
            case .special(let type, let device):
                var status = Status()
                status.mode = type | mode
                status.rdev = device
                status.uid = caller.uid
                status.gid = caller.gid
                do throws(Errno) { try to.makeNode(name, mode: type | mode, device: device) } catch {
                    guard error == .notPermitted, recordsOwners else { throw error }
                    try makeSpecial(to, name, status)
                }
            }
        }
        if recordsOwners { try recordCreator(to, name, kind, mode, caller) }
        return result
    }

    /// In a merged directory a new one may hide what is below.
    private func settleDirectory(_ directory: Directory, _ to: FD, _ holder: LayerDirectory, _ name: Name) throws(Errno)
    {
        guard directory.pointee.merged, let work else { return }
        if marksNewDirectories {
            try? markOpaque(to, name.path)
        } else if !work.devices, try isHiddenByFile(holder, name) {
            try markOpaque(to, name.path)
        }
    }

    /// Over a whiteout it is complete in work before it takes the name (ovl_create_over_whiteout).
    private func makeOverWhiteout(
        _ to: FD, _ name: Name, _ kind: NewKind, _ mode: UInt32, _ caller: Caller, inherits: Bool
    ) throws(Errno) -> Int32 {
        guard let work else { throw Errno.readOnly }
        let temporary = work.temporaryName()
        let opened = try make(work.directory, temporary, kind, mode, caller)
        do throws(Errno) {
            try inheritGroup(work.directory, temporary, from: to, kind)
            if inherits { try inheritACL(work.directory, temporary, from: to, kind, mode) }
            if case .directory = kind {
                try markOpaque(work.directory, temporary)
                try work.directory.rename(temporary, to: to, name.path, flags: 2)
                try? work.directory.unlink(temporary)
            } else {
                try work.directory.rename(temporary, to: to, name.path)
            }
            return opened
        } catch {
            if opened >= 0 { _ = cl_close(opened) }
            try? work.directory.removeTree(temporary)
            throw error
        }
    }

    /// A set-gid directory gives its group to what is made in it, and itself to directories.
    private func inheritGroup(_ fd: FD, _ name: CPath, from parent: FD, _ kind: NewKind) throws(Errno) {
        let above = try parent.status()
        guard above.mode & 0o2000 != 0 else { return }
        let status = try fd.status(name)
        if status.gid != above.gid { try fd.setOwner(name, uid: .max, gid: above.gid) }
        if case .directory = kind {
            try fd.setMode(name, status.mode & 0o7777 | 0o2000)
        } else if !status.isSymlink, try fd.status(name).mode != status.mode {
            try fd.setMode(name, status.mode & 0o7777)
        }
    }

    private func adoptNew(
        _ parent: Node, _ to: FD, _ name: Name, _ kind: NewKind, _ opened: Int32
    ) throws(Errno) -> Entry {
        let real = try opened >= 0 ? FD(opened).status() : to.status(name.path)
        let status = readsOwnership(0) ? overridden(real, to, name.path) : real
        monitor.lock()
        let node = makeNodeLocked(number: numberLocked(real.ino, layer: 0), real: real.ino, type: status.type)
        node.pointee.flags = .inUpper
        node.pointee.lookups = 1
        addLinkLocked(node, parent: parent, name: name)
        if real.isDirectory, let upper = parent.pointee.directory?.pointee.upper {
            let record = Directory.allocate(capacity: 1)
            record.initialize(
                to: DirectoryRecord(
                    upper: makeLayerDirectoryLocked(layer: 0, parent: upper, name: NameBytes(name.bytes)),
                    lowers: UnsafeMutableBufferPointer(start: nil, count: 0)))
            node.pointee.directory = record
        }
        monitor.unlock()
        if opened >= 0 { attach(opened, to: node) }
        return Entry(node: NodeID(node), status: present(status, node))
    }

    private func attach(_ descriptor: Int32, to node: Node) {
        let file = fileRecord(node)
        monitor.lock()
        file.pointee.writing = descriptor
        file.pointee.opens += 1
        node.pointee.holds += 1
        monitor.unlock()
    }

    /// A file without a name (O_TMPFILE), open for writing; ``link(_:_:_:absent:)`` may give it one.
    public func createUnnamed(_ parent: NodeID, mode: UInt32, caller: Caller) throws(Errno) -> Entry {
        let parent = parent.node
        guard work != nil else { throw Errno.readOnly }
        try copyUp(parent)
        guard let directory = parent.pointee.directory, let upper = directory.pointee.upper else {
            throw Errno.notDirectory
        }
        let to = try pin(upper)
        defer { unpin(upper) }
        let effective = inheritsACL(directory, to) ? mode : mode & ~caller.umask
        var raw: Int32 = -1
        try asCaller(caller) { () throws(Errno) in
            raw = try to.open(".", [.temporary, .readWrite], mode: effective).release()
        }
        do throws(Errno) {
            if recordsOwners { try recordCreator(FD(raw), "", .file, effective, caller) }
            let status = try FD(raw).status()
            monitor.lock()
            let node = makeNodeLocked(number: numberLocked(status.ino, layer: 0), real: status.ino, type: status.type)
            node.pointee.flags = [.inUpper, .removed]
            node.pointee.lookups = 1
            monitor.unlock()
            attach(raw, to: node)
            return Entry(node: NodeID(node), status: present(status, node))
        } catch {
            _ = cl_close(raw)
            throw error
        }
    }
}
