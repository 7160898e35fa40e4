import CLinux
import Linux
internal import OCI
internal import Union

/// Layers shown as one tree, in this process: no mount, and no privilege.
///
/// Where this process cannot give files away, all owners and modes are recorded (SEMANTICS 9.5); what cannot carry a record, a
/// link or a fifo, is root's when it is ours.
final class LayeredTree: Sendable {
    fileprivate let union: Union
    fileprivate let caller: Caller
    /// Whose the objects are that belong to root and cannot say so; nil where root is root.
    fileprivate let rootIsOwn: Owner?
    fileprivate let recordsOwners: Bool

    /// Where changes go.
    struct Changes {
        let upper: [UInt8]
        let work: [UInt8]
    }

    /// - Parameters:
    ///   - lowers: from top to bottom; at least one.
    ///   - changes: nil shows the layers read-only.
    /// - Throws: ``BuildError``.
    init(_ lowers: [[UInt8]], changes: Changes? = nil) throws(BuildError) {
        let privileges = Privileges.current()
        recordsOwners = !privileges.manyOwners
        var configuration = Configuration()
        configuration.lowers = lowers
        configuration.redirect = .follow
        if let changes {
            configuration.upper = changes.upper
            configuration.work = changes.work
            // As steps are mounted: a commit sees the upper alone, and nothing has to last before.
            configuration.index = false
            configuration.volatile = true
            if recordsOwners { configuration.ownership.attribute = .containers }
        }
        do throws(Refusal) { union = try Union(configuration) } catch { throw BuildError("open layers: \(error)") }
        caller = recordsOwners ? Caller(uid: 0, gid: 0) : Caller(uid: privileges.uid, gid: privileges.gid)
        let own = Owner(uid: privileges.uid, gid: privileges.gid)
        rootIsOwn = recordsOwners && own != .root ? own : nil
    }

    /// The directory `/`.
    var root: any TreeDirectory { LayeredDirectory(self, union.rootNode, givesGroup: false) }
}

/// A directory of ``LayeredTree``.
private final class LayeredDirectory: TreeDirectory {
    private let tree: LayeredTree
    private let node: NodeID
    let givesGroup: Bool

    private var union: Union { tree.union }

    var creator: Owner { Owner(uid: tree.caller.uid, gid: tree.caller.gid) }

    /// - Parameter node: with a reference, which this object gives back.
    init(_ tree: LayeredTree, _ node: NodeID, givesGroup: Bool) {
        self.tree = tree
        self.node = node
        self.givesGroup = givesGroup
    }

    deinit { if node != tree.union.rootNode { tree.union.forget(node, count: 1) } }

    /// Calls `body` with what a name means.
    private func with<Result: ~Copyable>(
        _ name: CPath, _ body: (NodeID, Status) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        if name[0] == CChar(bitPattern: .dot), name[1] == 0 { return try body(node, try union.status(node)) }
        guard let entry = try union.lookup(node, Name(name)) else { throw .noEntry }
        defer { union.forget(entry.node, count: 1) }
        return try body(entry.node, entry.status)
    }

    func status(_ name: CPath) throws(Errno) -> FileStatus {
        try with(name) { (_, status) throws(Errno) in
            guard let own = tree.rootIsOwn, !status.isRegular, !status.isDirectory else { return FileStatus(status) }
            var status = status
            if status.uid == own.uid { status.uid = 0 }
            if status.gid == own.gid { status.gid = 0 }
            return FileStatus(status)
        }
    }

    func directory(_ name: CPath) throws(Errno) -> any TreeDirectory {
        if name[0] == CChar(bitPattern: .dot), name[1] == 0 { return self }
        guard let entry = try union.lookup(node, Name(name)) else { throw .noEntry }
        guard entry.status.isDirectory else {
            union.forget(entry.node, count: 1)
            throw .notDirectory
        }
        return LayeredDirectory(tree, entry.node, givesGroup: entry.status.mode & 0o2000 != 0)
    }

    func names() throws(Errno) -> [[UInt8]] {
        let listing = try union.list(node)
        var names: [[UInt8]] = []
        names.reserveCapacity(listing.count)
        for position in 0..<listing.count {
            try union.name(listing, at: position) { (name) throws(Errno) in
                names.append(UnsafeBufferPointer(start: name.path, count: name.count).map { UInt8(bitPattern: $0) })
            }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func target(_ name: CPath) throws(Errno) -> [UInt8] {
        try with(name) { (node, _) throws(Errno) in
            var target = [UInt8](repeating: 0, count: 4096)
            let count = try target.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
                try union.readLink(node, into: UnsafeMutableRawBufferPointer(buffer))
            }
            return Array(target.prefix(count))
        }
    }

    func open(_ name: CPath) throws(Errno) -> Descriptor {
        try with(name) { (node, status) throws(Errno) -> Descriptor in
            if status.isSymlink { throw .loop }
            try union.open(node, writing: false)
            defer { union.close(node) }
            // Not a duplicate, which would share its position with whoever reads another name of the file.
            return try union.readingDescriptor(node).reopen(.readOnly)
        }
    }

    func attributes(_ name: CPath) throws(Errno) -> [Selection.Attribute] {
        try with(name) { (node, _) throws(Errno) in
            let list = try union.attributeNames(node, privileged: false)
            return try Selection.Attribute.carried(in: list) { (key) throws(Errno) in
                do throws(Errno) { return try union.attribute(node, key) } catch {
                    guard error == .noData else { throw error }
                    return nil
                }
            }
        }
    }

    private func make(_ name: CPath, _ kind: NewKind, mode: UInt32) throws(Errno) {
        let entry = try union.create(node, Name(name), kind, mode: mode, caller: tree.caller)
        union.forget(entry.node, count: 1)
    }

    func makeDirectory(_ name: CPath, mode: UInt32) throws(Errno) {
        // As for files.
        try make(name, .directory, mode: tree.recordsOwners ? mode | 0o755 : mode)
    }

    func makeFile(_ name: CPath, mode: UInt32) throws(Errno) -> Descriptor {
        // Where modes are recorded the one on the disk stays: who mounts the layer otherwise finds one that is nearly right.
        let first = tree.recordsOwners ? mode & 0o777 | 0o600 : 0o600
        let entry = try union.create(node, Name(name), .file, mode: first, caller: tree.caller)
        defer {
            union.close(entry.node)
            union.forget(entry.node, count: 1)
        }
        return Descriptor(owning: try check(cl_dup(try union.writingDescriptor(entry.node).raw)))
    }

    func makeSymlink(_ name: CPath, target: CPath) throws(Errno) {
        try make(name, .symlink(target: target), mode: 0o777)
    }

    func makeNode(_ name: CPath, mode: UInt32, device: UInt64) throws(Errno) {
        try make(name, .special(type: mode & 0o170000, device: device), mode: mode & 0o7777)
    }

    func link(_ name: CPath, to other: any TreeDirectory, _ newName: CPath) throws(Errno) {
        guard let other = other as? LayeredDirectory, other.tree === tree else { throw .crossDevice }
        try with(name) { (node, _) throws(Errno) in
            let entry = try union.link(node, other.node, Name(newName))
            union.forget(entry.node, count: 1)
        }
    }

    func unlink(_ name: CPath) throws(Errno) { try union.unlink(node, Name(name)) }

    func removeTree(_ name: CPath) throws(Errno) { try removeTree(name, depth: 0) }

    private func removeTree(_ name: CPath, depth: Int) throws(Errno) {
        // Deeper than any path that a system call takes.
        guard depth < 2048 else { throw .nameTooLong }
        let isDirectory = try with(name) { (_, status) throws(Errno) in status.isDirectory }
        guard isDirectory else { return try unlink(name) }
        guard let directory = try directory(name) as? LayeredDirectory else { return }
        for inner in try directory.names() { try directory.removeTree(inner.cPath, depth: depth + 1) }
        try union.removeDirectory(node, Name(name))
    }

    private func change(_ name: CPath, _ body: (inout StatusChange) -> Void) throws(Errno) {
        var change = StatusChange()
        change.caller = tree.caller
        body(&change)
        try with(name) { (node, _) throws(Errno) in _ = try union.change(node, change) }
    }

    func setOwner(_ name: CPath, _ owner: Owner) throws(Errno) {
        try change(name) { ($0.uid, $0.gid) = (owner.uid, owner.gid) }
    }

    func setMode(_ name: CPath, _ mode: UInt32) throws(Errno) { try change(name) { $0.mode = mode } }

    func setModified(_ name: CPath, _ time: Timestamp) throws(Errno) { try change(name) { $0.modifiedTime = time } }

    func setAttribute(_ name: CPath, _ attribute: Selection.Attribute) throws(Errno) {
        try with(name) { (node, _) throws(Errno) in
            try attribute.value.withUnsafeBufferPointer { (value) throws(Errno) in
                try union.setAttribute(node, attribute.name.cPath, UnsafeRawBufferPointer(value), flags: 0)
            }
        }
    }
}
