/// The tree of one layer compared with an earlier one: for each node what became of it, and the bytes beneath it.
public struct TreeView: Sendable {
    public enum Change: UInt8, Sendable {
        /// Neither here nor there.
        case absent
        case unmodified, modified, added, removed
    }

    /// By node. A directory in which something changed is modified.
    public let changes: [Change]
    /// By node: of a file its size, of a directory all beneath it that is there; of what was removed, what was there. Other names of a
    /// file have none.
    public let sizes: [Int64]
    public let layer: Int
    public let base: Int

    /// - Parameters:
    ///   - base: the layer to compare with; -1 is the empty tree before the first.
    ///   - layer: the one to show.
    public init(_ tree: ImageTree, from base: Int, to layer: Int) {
        var changes = [Change](repeating: .absent, count: tree.nodes.count)
        var sizes = [Int64](repeating: 0, count: tree.nodes.count)
        // What is beneath a node comes after it.
        for index in tree.nodes.indices.reversed() {
            let node = Int32(truncatingIfNeeded: index)
            let old = tree.state(node, at: base)
            let new =
                index == 0 ? ImageTree.Event(layer: 0, entry: ImageTree.Event.implied) : tree.state(node, at: layer)
            let change = Self.change(tree, old, new)
            if change == .absent {
                changes[index] = .absent
                continue
            }
            // Set to modified before by what is beneath it.
            changes[index] = change == .unmodified && changes[index] == .modified ? .modified : change
            sizes[index] &+= (new ?? old).flatMap { tree.entry($0)?.size } ?? 0
            let parent = Int(tree.nodes[index].parent)
            guard parent >= 0 else { continue }
            if changes[index] != .unmodified { changes[parent] = .modified }
            if change != .removed || tree.state(Int32(parent), at: layer) == nil { sizes[parent] &+= sizes[index] }
        }
        changes[0] = .unmodified
        self.changes = changes
        self.sizes = sizes
        self.layer = layer
        self.base = base
    }

    private static func change(_ tree: ImageTree, _ old: ImageTree.Event?, _ new: ImageTree.Event?) -> Change {
        switch (old, new) {
        case (nil, nil): return .absent
        case (nil, .some): return .added
        case (.some, nil): return .removed
        case (let old?, let new?): return old == new || tree.isSame(old, new) ? .unmodified : .modified
        }
    }
}
