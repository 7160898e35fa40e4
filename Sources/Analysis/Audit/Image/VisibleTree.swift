internal import OCI

/// What a container of an image sees of its layers, by paths; and what became of the rest.
struct VisibleTree {
    private let tree: ImageTree
    /// The nodes of all paths that any layer has.
    private var numbers: [[UInt8]: Int32] = [:]
    /// The paths that are there, in the order of their bytes.
    private(set) var paths: [[UInt8]] = []

    init(_ layers: [LayerContents]) {
        tree = ImageTree.build(layers)
        var paths: [[UInt8]] = [[]]
        paths.reserveCapacity(tree.nodes.count)
        for (number, node) in tree.nodes.enumerated().dropFirst() {
            let parent = paths[Int(node.parent)]
            paths.append(parent.isEmpty ? node.name : parent + [0x2f] + node.name)
            numbers[paths[number]] = Int32(truncatingIfNeeded: number)
        }
        numbers[[]] = 0
        self.paths = paths.filter { entry($0) != nil }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func events(_ path: [UInt8]) -> [ImageTree.Event] { numbers[path].map { tree.nodes[Int($0)].events } ?? [] }

    /// The entry that a container sees under a path, and its layer.
    func entry(_ path: [UInt8]) -> (layer: Int, entry: LayerEntry)? {
        guard let event = events(path).last, let entry = tree.entry(event) else { return nil }
        return (Int(event.layer), entry)
    }

    /// The layer above that removes or replaces a path's entry of a layer; nil where it is what a container sees.
    func remover(of path: [UInt8], in layer: Int) -> Int? {
        events(path).first { Int($0.layer) > layer }.map { Int($0.layer) }
    }
}
