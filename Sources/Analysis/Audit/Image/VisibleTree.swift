internal import OCI

/// What a container of an image sees of its layers: for each path the topmost entry that nothing hides; and which layer
/// hides the others.
struct VisibleTree {
    /// An entry by its layer and its place there.
    struct Position: Hashable {
        let layer: Int
        let entry: Int
    }

    private(set) var visible: [[UInt8]: Position] = [:]
    /// Paths at and beneath which lower layers are hidden, with the topmost layer that does it.
    private var hidden: [[UInt8]: Int] = [:]
    /// Paths beneath which lower layers are hidden: opaque directories, and what is no directory.
    private var covered: [[UInt8]: Int] = [:]
    private let layers: [LayerContents]

    init(_ layers: [LayerContents]) {
        self.layers = layers
        for number in layers.indices.reversed() { add(number) }
    }

    /// Layers are added from the top. What a layer hides does not concern its own entries.
    private mutating func add(_ number: Int) {
        var hides: [[UInt8]] = []
        var covers: [[UInt8]] = []
        var own: [[UInt8]: Int] = [:]
        for (index, entry) in layers[number].entries.enumerated() {
            switch entry.kind {
            case .bookkeeping: continue
            case .whiteout: hides.append(entry.path)
            case .opaque: covers.append(entry.path)
            default:
                // Of several in one layer the last one is what unpacking leaves.
                own[entry.path] = index
                if entry.kind != .directory { covers.append(entry.path) }
            }
        }
        for (path, index) in own where visible[path] == nil && hider(of: path) == nil {
            visible[path] = Position(layer: number, entry: index)
        }
        for path in hides where hidden[path] == nil { hidden[path] = number }
        for path in covers where covered[path] == nil { covered[path] = number }
    }

    /// The layer, of those added, that hides lower entries of a path; nil for none.
    private func hider(of path: [UInt8]) -> Int? {
        var result = hidden[path]
        var end = path.count
        while let slash = path[..<end].lastIndex(of: 0x2f) {
            let parent = Array(path[..<slash])
            for layer in [hidden[parent], covered[parent]] { if let layer { result = max(result ?? layer, layer) } }
            end = slash
        }
        if let layer = covered[[]], !path.isEmpty { result = max(result ?? layer, layer) }
        return result
    }

    func entry(_ path: [UInt8]) -> (layer: Int, entry: LayerEntry)? {
        visible[path].map { ($0.layer, layers[$0.layer].entries[$0.entry]) }
    }

    /// Whether a path's entry of a layer is what a container sees.
    func shows(_ path: [UInt8], of layer: Int) -> Bool { visible[path]?.layer == layer }

    /// The layer above that hides or replaces a path's entry of a layer.
    func remover(of path: [UInt8], in layer: Int) -> Int? {
        if let shown = visible[path]?.layer, shown > layer { return shown }
        return hider(of: path).flatMap { $0 > layer ? $0 : nil }
    }

    /// The paths that are there, in the order of their bytes.
    var paths: [[UInt8]] { visible.keys.sorted { $0.lexicographicallyPrecedes($1) } }
}
