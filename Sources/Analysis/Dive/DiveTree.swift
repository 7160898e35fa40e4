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

    subscript(index: Int32) -> Node { nodes[Int(index)] }

    /// The node of a path; nil where there is none. Empty parts say nothing.
    func find(_ path: [ArraySlice<UInt8>]) -> Int32? {
        var index = Self.root
        for name in path where !name.isEmpty {
            guard let next = self[index].children[Array(name)] else { return nil }
            index = next
        }
        return index
    }

    /// Gives a path's last node a payload; the nodes on the way are made where they are missing.
    mutating func add(_ path: [ArraySlice<UInt8>], _ payload: Payload?) {
        var index = Self.root
        for (place, part) in path.enumerated() where !part.isEmpty {
            let name = Array(part)
            if let next = self[index].children[name] {
                index = next
            } else {
                if name.starts(with: Self.hidden) { return }
                nodes.append(Node(name: name, parent: index))
                let next = Int32(truncatingIfNeeded: nodes.count - 1)
                nodes[Int(index)].children[name] = next
                index = next
            }
            if place == path.count - 1 { nodes[Int(index)].payload = payload }
        }
    }

    /// Takes a node away with all beneath it. The root stays.
    mutating func remove(_ index: Int32) {
        let node = self[index]
        guard node.parent >= 0 else { return }
        nodes[Int(node.parent)].children[node.name] = nil
    }

    /// A node's path as dive counts it: without the whiteout's prefix at its end.
    func path(_ index: Int32) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var current = index
        while current > 0 {
            let name = self[current].name
            let isLast = current == index
            parts.append(isLast && name.starts(with: Self.whiteout) ? name.dropFirst(4) : name[...])
            current = self[current].parent
        }
        return parts.reversed()
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
        for index in order {
            let path = upper.path(index)
            if upper[index].isWhiteout {
                if let found = find(path) { remove(found) }
            } else {
                add(path, upper[index].payload)
            }
        }
    }
}

extension DiveTree {
    /// The tree of one layer's entries.
    init(_ contents: LayerContents) {
        for (number, entry) in contents.entries.enumerated() where !entry.storedPath.isEmpty {
            let path = entry.storedPath.split(separator: 0x2f)
            add(path, Payload(layer: Int32(contents.layer.index), entry: Int32(truncatingIfNeeded: number)))
        }
    }
}
