/// A tree as dive makes one of a layer, or of layers stacked: by names alone, so that what the image specification means by whiteouts,
/// opaque marks and files in the place of directories is only partly seen. Its figures depend on all of that (docs/analysis.md).
struct DiveTree {
    /// What dive knows of a node: an entry of a layer, or nothing for a directory that only paths mention.
    struct Payload {
        let layer: Int32
        let entry: Int32
    }

    struct Node {
        let name: [UInt8]
        let parent: Int32
        var payload: Payload?
        var children: [[UInt8]: Int32] = [:]

        var isWhiteout: Bool { name.starts(with: DiveTree.whiteout) }
    }

    static let whiteout = Array(".wh.".utf8)
    private static let hidden = Array(".wh..wh..".utf8)
    static let root: Int32 = 0

    private(set) var nodes = [Node(name: [], parent: -1)]
    private var lastDirectory: (path: ArraySlice<UInt8>, node: Int32) = ([], 0)

    subscript(index: Int32) -> Node { nodes[Int(index)] }

    /// The node of a path; nil where there is none. Empty parts say nothing.
    func find(_ path: [UInt8]) -> Int32? {
        var index = Self.root
        for name in path.split(separator: 0x2f) {
            guard let next = self[index].children[Array(name)] else { return nil }
            index = next
        }
        return index
    }

    /// Gives a path's last node a payload; the nodes on the way are made where they are missing.
    mutating func add(_ path: [UInt8], _ payload: Payload?) {
        let slash = path.lastIndex(of: 0x2f)
        let directory = slash.map { path[..<$0] } ?? []
        // Archives are mostly in order: the next entry is in the same directory.
        if !directory.elementsEqual(lastDirectory.path) {
            var index = Self.root
            for part in directory.split(separator: 0x2f) {
                guard let next = child(index, Array(part)) else { return }
                index = next
            }
            lastDirectory = (directory, index)
        }
        let name = Array(path[(slash.map { $0 + 1 } ?? 0)...])
        if let index = child(lastDirectory.node, name) { nodes[Int(index)].payload = payload }
    }

    /// The node of a name in another, made where it is missing; nil for a name that dive never shows.
    private mutating func child(_ parent: Int32, _ name: [UInt8]) -> Int32? {
        if let known = self[parent].children[name] { return known }
        if name.starts(with: Self.hidden) { return nil }
        nodes.append(Node(name: name, parent: parent))
        let index = Int32(truncatingIfNeeded: nodes.count - 1)
        nodes[Int(parent)].children[name] = index
        return index
    }

    /// Takes a node away with all beneath it. The root stays.
    mutating func remove(_ index: Int32) {
        let node = self[index]
        guard node.parent >= 0 else { return }
        nodes[Int(node.parent)].children[node.name] = nil
    }

    /// A node's path as dive counts it: without the whiteout's prefix at its end.
    func path(_ index: Int32) -> [UInt8] {
        PathText.bytes(index) { node in
            let found = self[node]
            return (node == index && found.isWhiteout ? found.name.dropFirst(4) : found.name[...], found.parent)
        }
    }

    /// Every node but the root, names in the order of their bytes, what is inside before what holds it.
    func childrenFirst() -> [Int32] {
        var result: [Int32] = []
        // The reverse of parents before children, with the names the other way round.
        var waiting: [Int32] = [Self.root]
        while let index = waiting.popLast() {
            if index != Self.root { result.append(index) }
            waiting += sorted(self[index].children)
        }
        return result.reversed()
    }

    private func sorted(_ children: [[UInt8]: Int32]) -> [Int32] {
        if children.count < 2 { return children.map(\.value) }
        return children.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// Puts a layer's tree on top.
    ///
    /// - Parameter order: the layer's ``childrenFirst()``.
    mutating func stack(_ upper: DiveTree, _ order: [Int32]) {
        // By node of the layer: the node here that it is put on.
        var places = [Int32](repeating: -1, count: upper.nodes.count)
        places[0] = Self.root
        for index in order {
            guard upper[index].isWhiteout else {
                if let place = place(of: index, upper, &places) { nodes[Int(place)].payload = upper[index].payload }
                continue
            }
            guard let found = find(upper.path(index)) else { continue }
            remove(found)
            // A whiteout of no name takes away the directory that it is in itself: what comes there later is made anew.
            if upper[index].name.count == Self.whiteout.count {
                places = [Int32](repeating: -1, count: places.count)
                places[0] = Self.root
            }
        }
    }

    private mutating func place(of index: Int32, _ upper: DiveTree, _ places: inout [Int32]) -> Int32? {
        var way: [Int32] = []
        var current = index
        while places[Int(current)] < 0 {
            way.append(current)
            current = upper[current].parent
        }
        var place = places[Int(current)]
        for node in way.reversed() {
            guard let next = child(place, upper[node].name) else { return nil }
            place = next
            places[Int(node)] = place
        }
        return place
    }
}

extension DiveTree {
    /// The tree of one layer's entries.
    init(_ contents: LayerContents) {
        for (number, entry) in contents.entries.enumerated() where !entry.storedPath.isEmpty {
            add(entry.storedPath, Payload(layer: Int32(contents.layer.index), entry: Int32(truncatingIfNeeded: number)))
        }
    }
}
