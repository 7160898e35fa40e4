public import CLinux
public import Linux

/// An ordered stack of directories as one writable tree, in this process: lookup, listing, copy-up, changes.
///
/// Every rule of SEMANTICS.md lives here once; what serves the tree (FUSE, a test, a builder) calls it. The calls are
/// shaped like system calls on nodes and names, may come from any thread, and throw an ``Errno`` for that caller alone.
///
/// Locks, in the order they are taken: `renameGate`, the names gates, the body gates (Nodes/Gates.swift), then
/// `monitor`, the table lock, which is a leaf and never held over a system call that can wait.
public final class Union: @unchecked Sendable {
    // Fixed once open.
    let configuration: Configuration
    /// Index 0 is the upper (or a hole without one), then the lowers from top to bottom, then data-only lowers.
    let layers: [Layer]
    let firstDataLayer: Int
    let numbering: InodeNumbering
    let privileges: Privileges
    /// nil where the union is read-only.
    let work: WorkDirectory?
    let marks: MarkNames
    let directoryBudget: Int

    /// The table lock: guards everything below, and what records say it guards.
    let monitor = Monitor()
    var table = NodeTable()
    var nodeCount = 1
    /// The most there were since memory was trimmed.
    var mostNodes = 1
    var waiters = 0
    var newest: LayerDirectory?
    var oldest: LayerDirectory?
    var openDirectories = 0
    /// The serial number that a directory was given last.
    var lastSerial: UInt64 = 0
    /// Directories of the upper that were renamed since the start: a path read before may be old.
    var renames: UInt64 = 0
    /// The next inode number for an object whose own does not fit (InodeNumbering).
    var spareNumbers: [InodeKey: UInt64] = [:]
    var hasOpenat2 = true
    var ownershipRecorded: Bool
    /// Whether a lower's root says that owners are recorded there.
    let lowersRecordOwnership: Bool
    /// Whether owners are shown as others than the layers'.
    let mapsOwners: Bool

    /// Called when the attributes of a node changed by a call on another one. Set before the first call.
    public var onAttributesChanged: (@Sendable (NodeID) -> Void)?
    /// Called by a call that begins to move many bytes: whoever serves others may let somebody else do it meanwhile.
    public var onLongWork: (@Sendable () -> Void)?

    /// One rename at a time between directories, as the kernel's s_vfs_rename_mutex.
    let renameGate = Monitor()

    let root: Node

    /// Opens the stack; nothing is written to the lowers, and to the upper only what a mount needs.
    ///
    /// - Throws: ``Refusal`` where the stack cannot work.
    public init(_ configuration: Configuration) throws(Refusal) {
        let opened = try OpenedStack(configuration)
        self.configuration = opened.configuration
        layers = opened.layers
        firstDataLayer = opened.firstDataLayer
        numbering = opened.numbering
        privileges = opened.privileges
        work = opened.work
        marks = opened.marks
        directoryBudget = opened.directoryBudget
        ownershipRecorded = opened.work != nil && opened.layers[0].recordsOwnership
        let ownership = configuration.ownership
        mapsOwners =
            ownership.squashUID != nil || ownership.squashGID != nil || !ownership.uidMapping.isEmpty
            || !ownership.gidMapping.isEmpty
        lowersRecordOwnership = opened.layers.dropFirst().contains { $0.recordsOwnership }

        let directory = Directory.allocate(capacity: 1)
        let roots = layers.indices.dropFirst().prefix(firstDataLayer - 1)
        let lowers = UnsafeMutableBufferPointer<LayerDirectory>.allocate(capacity: roots.count)
        for (slot, layer) in roots.enumerated() {
            lowers.initializeElement(at: slot, to: layers[layer].rootDirectory())
        }
        directory.initialize(to: DirectoryRecord(upper: nil, lowers: lowers))
        if opened.work != nil { directory.pointee.upper = layers[0].rootDirectory() }
        root = Node.allocate(capacity: 1)
        root.initialize(
            to: NodeRecord(number: opened.rootNumber, real: opened.rootReal, type: 0o040000))
        root.pointee.directory = directory
        root.pointee.lookups = 1
        if opened.work != nil { root.pointee.flags.insert(.inUpper) }
        for index in lowers.indices { readRootMarks(lowers[index]) }
    }

    deinit {
        table.removeAll { node in
            if let file = node.pointee.file { closeFile(file) }
        }
        while let directory = newest {
            newest = directory.pointee.older
            _ = cl_close(directory.pointee.descriptor)
        }
        for layer in layers where layer.root >= 0 { _ = cl_close(layer.root) }
    }

    /// The root of the merged tree. Need not be forgotten.
    public var rootNode: NodeID { NodeID(root) }

    /// Without an upper every change gets EROFS.
    public var isReadOnly: Bool { work == nil }

    /// Whether this process is privileged in the initial user namespace.
    public var isAdministrator: Bool { privileges.administrator }

    /// How many objects are known now; for tests of memory.
    public var knownNodes: Int {
        monitor.lock()
        defer { monitor.unlock() }
        return nodeCount
    }

    /// What was found out when the stack was opened, in lines for `--verbose`.
    public var notes: [String] {
        work.map { ["whiteouts: \($0.whiteoutForm)"] + $0.notes } ?? ["read-only: no upperdir"]
    }
}

/// A node as its holder sees it: from ``Union/lookup(_:_:)`` and its like, until forgotten.
public struct NodeID: Hashable, @unchecked Sendable {
    let node: Node

    init(_ node: Node) { self.node = node }

    /// Its address, as FUSE's node id.
    @inline(__always)
    public var address: UInt { UInt(bitPattern: node) }

    /// - Precondition: `address` came from a `NodeID` that has not been forgotten.
    @inline(__always)
    public init?(address: UInt) {
        guard let node = Node(bitPattern: address) else { return nil }
        self.node = node
    }
}

/// A node and what it looks like now.
public struct Entry {
    public let node: NodeID
    public let status: Status
}
