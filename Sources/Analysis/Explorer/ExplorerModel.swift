/// What the view shows, and what keys do to it. Knows nothing of a terminal.
struct ExplorerModel {
    enum Pane {
        case layers, tree, filter
    }

    let analysis: ImageAnalysis
    private(set) var pane = Pane.layers
    private(set) var layer = 0
    /// Compared with the first layer instead of the one below.
    private(set) var isAggregated = false
    private(set) var hidden: Set<TreeView.Change> = []
    private(set) var showsAttributes = true
    /// Long lines of the tree go on below instead of being cut.
    private(set) var wrapsLines = false
    /// Shown in the last line until the next key.
    var message: String?
    private(set) var filter = ""
    private(set) var view: TreeView
    /// The nodes that are shown, in order.
    private(set) var rows: [Int32] = []
    /// By node: whether it is the last of those shown beside it.
    private(set) var isLast: [Bool] = []
    private(set) var cursor = 0
    private var collapsed: [Bool]
    /// Rows of the tree that fit; the drawing says so.
    var page = 10

    init(_ analysis: ImageAnalysis) {
        self.analysis = analysis
        collapsed = [Bool](repeating: false, count: analysis.tree.nodes.count)
        view = TreeView(analysis.tree, from: -1, to: 0)
        rebuild()
    }

    enum Outcome {
        case goOn, quit, suspend
        /// The file at a node is wanted, as the shown layer has it.
        case extract(Int32)
    }

    mutating func press(_ key: Key) -> Outcome {
        message = nil
        if pane == .filter { return edit(key) }
        switch key {
        case .control("c"), .character("q"): return .quit
        case .control("z"): return .suspend
        case .tab, .backTab: pane = pane == .layers ? .tree : .layers
        case .control("f"): pane = .filter
        case .escape: if !filter.isEmpty { setFilter("") }
        case .control("p"): wrapsLines.toggle()
        case .control("e"): if pane == .tree, let current { return .extract(current) }
        default: if pane == .layers { chooseLayer(key) } else { walk(key) }
        }
        return .goOn
    }

    private mutating func edit(_ key: Key) -> Outcome {
        switch key {
        case .control("c"): return .quit
        case .control("z"): return .suspend
        case .control("f"), .enter, .tab: pane = .tree
        case .escape:
            setFilter("")
            pane = .tree
        case .control("u"): setFilter("")
        case .backspace: setFilter(String(filter.dropLast()))
        case .character(let scalar) where filter.utf8.count < 200: setFilter(filter + String(scalar))
        default: break
        }
        return .goOn
    }

    private mutating func setFilter(_ text: String) {
        filter = text
        rebuild()
    }

    // MARK: Layers

    private mutating func chooseLayer(_ key: Key) {
        let last = max(0, analysis.layers.count - 1)
        switch key {
        case .up, .character("k"), .left: layer = max(0, layer - 1)
        case .down, .character("j"), .right: layer = min(last, layer + 1)
        case .pageUp, .character("u"): layer = max(0, layer - 10)
        case .pageDown, .character("d"): layer = min(last, layer + 10)
        case .home: layer = 0
        case .end: layer = last
        case .control("a"): isAggregated = true
        case .control("l"): isAggregated = false
        case .enter: return pane = .tree
        default: return
        }
        view = TreeView(analysis.tree, from: isAggregated ? min(0, layer - 1) : layer - 1, to: layer)
        rebuild()
    }

    // MARK: The tree

    private mutating func walk(_ key: Key) {
        switch key {
        case .up, .character("k"): cursor = max(0, cursor - 1)
        case .down, .character("j"): cursor = min(max(0, rows.count - 1), cursor + 1)
        case .pageUp, .character("u"): cursor = max(0, cursor - page)
        case .pageDown, .character("d"): cursor = min(max(0, rows.count - 1), cursor + page)
        case .home: cursor = 0
        case .end: cursor = max(0, rows.count - 1)
        case .left: goToParent()
        case .right: enter()
        case .character(" "): toggle()
        case .control(" "): toggleAll()
        case .control("a"): toggle(.added)
        case .control("r"): toggle(.removed)
        // ctrl+m, which no terminal tells from enter.
        case .enter: toggle(.modified)
        case .control("u"): toggle(.unmodified)
        case .control("b"): showsAttributes.toggle()
        default: return
        }
    }

    var current: Int32? { rows.indices.contains(cursor) ? rows[cursor] : nil }

    func isCollapsed(_ node: Int32) -> Bool { collapsed[Int(node)] }

    /// Whether anything of a directory can be shown.
    func isOpenable(_ node: Int32) -> Bool {
        analysis.tree.nodes[Int(node)].children.contains { view.changes[Int($0)] != .absent }
    }

    private mutating func toggle(_ change: TreeView.Change) {
        if hidden.remove(change) == nil { hidden.insert(change) }
        rebuild()
    }

    private mutating func toggle() {
        guard let node = current, isOpenable(node) else { return }
        collapsed[Int(node)].toggle()
        rebuild()
    }

    private mutating func toggleAll() {
        let close = !collapsed.contains(true)
        for index in collapsed.indices.dropFirst() { collapsed[index] = close }
        rebuild()
    }

    private mutating func goToParent() {
        guard let node = current else { return }
        let parent = analysis.tree.nodes[Int(node)].parent
        if parent > 0, let place = rows[..<cursor].lastIndex(of: parent) { cursor = place }
    }

    private mutating func enter() {
        guard let node = current, isOpenable(node) else { return }
        if collapsed[Int(node)] {
            collapsed[Int(node)] = false
            rebuild()
        } else if cursor + 1 < rows.count {
            cursor += 1
        }
    }

    /// Finds the rows anew; the cursor stays with its node, or with what holds it.
    private mutating func rebuild() {
        // Who has not moved stays at the top.
        var kept = cursor == 0 ? nil : current
        let tree = analysis.tree
        let match = PathFilter(filter)
        var isVisible = [Bool](repeating: false, count: tree.nodes.count)
        // What is beneath a node comes after it; a directory is shown with what is shown of it.
        for index in tree.nodes.indices.reversed() where view.changes[index] != .absent {
            if !isVisible[index] {
                isVisible[index] =
                    !hidden.contains(view.changes[index]) && match.passes(tree, Int32(truncatingIfNeeded: index))
            }
            let parent = Int(tree.nodes[index].parent)
            if isVisible[index], parent >= 0 { isVisible[parent] = true }
        }
        rows = []
        isLast = [Bool](repeating: false, count: tree.nodes.count)
        var waiting: [Int32] = [0]
        while let node = waiting.popLast() {
            if node != 0 { rows.append(node) }
            if node != 0, collapsed[Int(node)] { continue }
            let children = tree.nodes[Int(node)].children.filter { isVisible[Int($0)] }
            if let last = children.last { isLast[Int(last)] = true }
            waiting += children.reversed()
        }
        var place: Int?
        while let node = kept, node > 0, place == nil {
            place = rows.firstIndex(of: node)
            kept = tree.nodes[Int(node)].parent
        }
        cursor = place ?? min(cursor, max(0, rows.count - 1))
    }
}
