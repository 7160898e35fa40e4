/// The tree of an image at every layer, as the image specification merges layers (layer.md): each name is once a node, with what
/// became of it from layer to layer.
public struct ImageTree: Sendable {
    /// Where a node's entry is, or what else happened to it in a layer.
    public struct Event: Equatable, Sendable {
        public let layer: Int32
        /// The number of an entry of that layer; or ``deleted`` or ``implied``.
        public let entry: Int32

        public static let deleted: Int32 = -1
        /// A directory that only longer paths mention.
        public static let implied: Int32 = -2

        public var isDeleted: Bool { entry == Self.deleted }
    }

    public struct Node: Sendable {
        public let name: [UInt8]
        /// Always less than the node's own number; -1 for the root.
        public let parent: Int32
        /// In the order of their names' bytes.
        public internal(set) var children: [Int32] = []
        /// At most one for each layer, from the base up.
        public internal(set) var events: [Event] = []
    }

    /// The root is the first; what holds a node comes before it.
    public internal(set) var nodes: [Node]
    /// From the base up.
    public let layers: [LayerContents]
    public internal(set) var changes: [LayerChanges] = []
    /// The entries that hard links lead to.
    var linked: [Event: Event] = [:]

    init(_ layers: [LayerContents]) {
        self.layers = layers
        nodes = [Node(name: [], parent: -1)]
    }

    /// The entry of an event; nil for a deletion and for an implied directory.
    public func entry(_ event: Event) -> LayerEntry? {
        event.entry < 0 ? nil : layers[Int(event.layer)].entries[Int(event.entry)]
    }

    /// The event whose entry has the data: of a hard link, the file's.
    public func data(_ event: Event) -> Event { linked[event] ?? event }

    /// What a node is in the tree of a layer; nil where it is not there.
    ///
    /// - Parameter layer: -1 is before the first.
    public func state(_ node: Int32, at layer: Int) -> Event? {
        guard let event = nodes[Int(node)].events.last(where: { Int($0.layer) <= layer }), !event.isDeleted else {
            return nil
        }
        return event
    }

    public func isDirectory(_ event: Event) -> Bool {
        event.entry == Event.implied || entry(event)?.kind == .directory
    }

    /// Bytes of the file behind an event; 0 for what has none.
    public func size(_ event: Event) -> Int64 { entry(data(event))?.size ?? 0 }

    /// From the root, without a leading slash.
    public func path(_ node: Int32) -> [UInt8] {
        PathText.bytes(node) { (nodes[Int($0)].name[...], nodes[Int($0)].parent) }
    }

    /// Whether two events show the same: kind, data, owner, mode, attributes and target; not times.
    public func isSame(_ a: Event, _ b: Event) -> Bool {
        guard let one = entry(data(a)), let other = entry(data(b)) else { return isDirectory(a) && isDirectory(b) }
        return one.kind == other.kind && one.mode == other.mode && one.uid == other.uid && one.gid == other.gid
            && one.target == other.target && one.device == other.device && one.attributes == other.attributes
            && hasSameData(one, other)
    }

    func hasSameData(_ one: LayerEntry, _ other: LayerEntry) -> Bool {
        guard one.size == other.size else { return false }
        return one.size == 0 || one.content != nil && one.content == other.content
    }
}

extension ImageTree.Event: Hashable {}

/// What one layer does to the tree below it. Numbers of names, directories among them; bytes of files.
public struct LayerChanges: Equatable, Sendable {
    public var added = 0
    public var modified = 0
    public var removed = 0
    /// Entries that say what is there already, directories apart.
    public var repeated = 0
    public var addedBytes: Int64 = 0
    /// Of what is there afterwards.
    public var modifiedBytes: Int64 = 0
    /// Of what was there before, in files that are removed or replaced.
    public var hiddenBytes: Int64 = 0
    /// Of all files that the tree then shows.
    public var visibleBytes: Int64 = 0
    public var visibleFiles = 0
}
