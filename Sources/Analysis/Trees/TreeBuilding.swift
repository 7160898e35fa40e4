extension ImageTree {
    /// Merges layers from the base up.
    public static func build(_ layers: [LayerContents]) -> ImageTree {
        var builder = TreeBuilder(layers)
        for index in layers.indices { builder.apply(index) }
        return builder.finish()
    }
}

/// Puts one layer on the other.
private struct TreeBuilder {
    private struct Key: Hashable {
        let parent: Int32
        let name: [UInt8]
    }

    private var tree: ImageTree
    private var numbers: [Key: Int32] = [:]
    private var layer = 0
    /// Nodes with an event of the layer at hand.
    private var touched: [Int32] = []
    /// How many names each file with several has in the tree.
    private var names: [ImageTree.Event: Int] = [:]
    /// Archives are mostly in order: the directory of the last entry is near.
    private var lastParent: (path: ArraySlice<UInt8>, node: Int32) = ([], 0)

    init(_ layers: [LayerContents]) { tree = ImageTree(layers) }

    mutating func apply(_ index: Int) {
        layer = index
        touched = []
        lastParent = ([], 0)
        let entries = tree.layers[index].entries
        // A layer's whiteouts are of what is below it, wherever among its entries they stand.
        for entry in entries { hide(entry) }
        for (number, entry) in entries.enumerated() {
            switch entry.kind {
            case .whiteout, .opaque, .bookkeeping: continue
            default: add(entry, Int32(truncatingIfNeeded: number))
            }
        }
        count()
    }

    private mutating func hide(_ entry: LayerEntry) {
        switch entry.kind {
        case .whiteout:
            if let node = find(entry.path), node != 0 { remove(node) }
        case .opaque:
            guard let node = find(entry.path) else { return }
            for child in tree.nodes[Int(node)].children { remove(child) }
        default: return
        }
    }

    private func find(_ path: [UInt8]) -> Int32? {
        var node: Int32 = 0
        for name in path.split(separator: 0x2f) {
            guard let next = numbers[Key(parent: node, name: Array(name))] else { return nil }
            node = next
        }
        return node
    }

    private func current(_ node: Int32) -> ImageTree.Event? {
        guard let event = tree.nodes[Int(node)].events.last, !event.isDeleted else { return nil }
        return event
    }

    private mutating func set(_ node: Int32, _ entry: Int32) {
        let event = ImageTree.Event(layer: Int32(layer), entry: entry)
        let events = tree.nodes[Int(node)].events
        if events.last?.layer == event.layer {
            tree.nodes[Int(node)].events[events.count - 1] = event
        } else {
            tree.nodes[Int(node)].events.append(event)
            touched.append(node)
        }
    }

    private mutating func remove(_ node: Int32) {
        var waiting = [node]
        while let next = waiting.popLast() {
            guard current(next) != nil else { continue }
            set(next, ImageTree.Event.deleted)
            waiting += tree.nodes[Int(next)].children
        }
    }

    private mutating func add(_ entry: LayerEntry, _ number: Int32) {
        if entry.path.isEmpty { return set(0, number) }
        let slash = entry.path.lastIndex(of: 0x2f)
        let parent = enter(slash.map { entry.path[..<$0] } ?? [])
        let node = child(parent, Array(entry.name))
        if entry.kind != .directory, let event = current(node), tree.isDirectory(event) {
            for child in tree.nodes[Int(node)].children { remove(child) }
        }
        if entry.kind == .hardLink { link(entry, number) }
        set(node, number)
    }

    private mutating func link(_ entry: LayerEntry, _ number: Int32) {
        guard let target = find(entry.target), let event = current(target) else { return }
        let file = tree.data(event)
        guard tree.entry(file)?.kind == .file else { return }
        tree.linked[ImageTree.Event(layer: Int32(layer), entry: number)] = file
        if names[file] == nil { names[file] = file.layer < layer ? 1 : 0 }
    }

    /// The directory of a path, which is one afterwards.
    private mutating func enter(_ path: ArraySlice<UInt8>) -> Int32 {
        if path.elementsEqual(lastParent.path), current(lastParent.node) != nil || lastParent.node == 0 {
            return lastParent.node
        }
        var node: Int32 = 0
        for name in path.split(separator: 0x2f) {
            node = child(node, Array(name))
            if let event = current(node), tree.isDirectory(event) { continue }
            set(node, ImageTree.Event.implied)
        }
        lastParent = (path, node)
        return node
    }

    private mutating func child(_ parent: Int32, _ name: [UInt8]) -> Int32 {
        let key = Key(parent: parent, name: name)
        if let known = numbers[key] { return known }
        let node = Int32(truncatingIfNeeded: tree.nodes.count)
        numbers[key] = node
        tree.nodes.append(ImageTree.Node(name: name, parent: parent))
        tree.nodes[Int(parent)].children.append(node)
        return node
    }

    private mutating func count() {
        var changes = LayerChanges()
        changes.visibleBytes = tree.changes.last?.visibleBytes ?? 0
        changes.visibleFiles = tree.changes.last?.visibleFiles ?? 0
        for node in touched where node != 0 {
            let events = tree.nodes[Int(node)].events
            guard let now = events.last else { continue }
            let before = events.count > 1 && !events[events.count - 2].isDeleted ? events[events.count - 2] : nil
            let hidden = before.map { release($0) } ?? 0
            let shown = now.isDeleted ? 0 : acquire(now)
            changes.add(tree, before, now.isDeleted ? nil : now, hidden: hidden, shown: shown)
        }
        tree.changes.append(changes)
    }

    /// Bytes that one more name makes visible.
    private mutating func acquire(_ event: ImageTree.Event) -> Int64 {
        let data = tree.data(event)
        guard let count = names[data] else { return tree.size(data) }
        names[data] = count + 1
        return count == 0 ? tree.size(data) : 0
    }

    /// Bytes that one name less hides.
    private mutating func release(_ event: ImageTree.Event) -> Int64 {
        let data = tree.data(event)
        guard let count = names[data] else { return tree.size(data) }
        names[data] = count - 1
        return count == 1 ? tree.size(data) : 0
    }

    consuming func finish() -> ImageTree {
        var tree = tree
        let names = tree.nodes.map(\.name)
        for index in tree.nodes.indices where tree.nodes[index].children.count > 1 {
            tree.nodes[index].children.sort { names[Int($0)].lexicographicallyPrecedes(names[Int($1)]) }
        }
        return tree
    }
}

extension LayerChanges {
    fileprivate mutating func add(
        _ tree: ImageTree, _ before: ImageTree.Event?, _ now: ImageTree.Event?, hidden old: Int64, shown new: Int64
    ) {
        if let before, !tree.isDirectory(before) { visibleFiles -= 1 }
        if let now, !tree.isDirectory(now) { visibleFiles += 1 }
        visibleBytes = visibleBytes &- old &+ new
        switch (before, now) {
        case (nil, nil): return
        case (nil, .some):
            added += 1
            addedBytes &+= new
        case (.some, nil):
            removed += 1
            hiddenBytes &+= old
        case (let before?, let now?):
            if tree.isSame(before, now) {
                if !tree.isDirectory(now) { repeated += 1 }
            } else {
                modified += 1
                modifiedBytes &+= new
            }
            hiddenBytes &+= old
        }
    }
}
