import OCI

/// The view as lines for a terminal of a size.
struct ExplorerDrawing {
    private let columns: Int
    private let rows: Int
    private var left: Int { max(20, min(columns * 42 / 100, 90)) }
    private var right: Int { max(10, columns - left - 1) }
    /// Lines between the head and the line of keys.
    private var body: Int { max(3, rows - 1) }

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// Rows of the tree that fit.
    var page: Int { max(1, body - 2) }

    func lines(_ model: ExplorerModel) -> [String] {
        guard columns >= 40, rows >= 10 else {
            return [TextWidth.fitted("too small: 40 columns and 10 rows are needed", columns)]
        }
        let before = leftLines(model)
        let after = treeLines(model)
        var lines: [String] = []
        for row in 0..<body {
            lines.append(
                (row < before.count ? before[row] : spaces(left)) + " " + (row < after.count ? after[row] : ""))
        }
        lines.append(keys(model))
        return lines
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    private func title(_ text: String, _ width: Int, isFocused: Bool) -> String {
        let mark = isFocused ? "●" : "│"
        let line = "\(mark) \(text) "
        let rule = String(repeating: "─", count: max(0, width - TextWidth.columns(line)))
        return (isFocused ? "\u{1b}[1m" : "") + TextWidth.fitted(line + rule, width) + "\u{1b}[0m"
    }

    private static func bytes(_ count: Int64) -> String { GoNumbers.bytes(UInt64(max(0, count))) }

    // MARK: Left: layers and details

    private func leftLines(_ model: ExplorerModel) -> [String] {
        let details = detailLines(model)
        let shown = max(3, min(model.analysis.layers.count, body - 2 - min(details.count, body / 2)))
        var lines = [title("Layers", left, isFocused: model.pane == .layers)]
        lines.append("\u{1b}[2m" + TextWidth.fitted("  Cmp    Size  Command", left) + "\u{1b}[0m")
        let first = max(0, min(model.layer - shown / 2, model.analysis.layers.count - shown))
        for index in first..<min(model.analysis.layers.count, first + shown) { lines.append(layerLine(model, index)) }
        lines += details.prefix(max(0, body - lines.count))
        return lines
    }

    private func layerLine(_ model: ExplorerModel, _ index: Int) -> String {
        let isTop = index == model.layer
        // Green is what is looked at, blue what it is compared with.
        let mark: String
        if isTop || model.isAggregated && index > 0 && index <= model.layer {
            mark = "\u{1b}[42m  \u{1b}[0m"
        } else if index < model.layer {
            mark = "\u{1b}[44m  \u{1b}[0m"
        } else {
            mark = "  "
        }
        let size = Self.bytes(model.analysis.layers[index].fileSize).leading(8)
        let text = TextWidth.fitted("\(size)  \(model.analysis.instruction(index))", left - 5)
        return " \(mark) " + (isTop ? "\u{1b}[7m" : "") + " " + text + "\u{1b}[0m"
    }

    private func detailLines(_ model: ExplorerModel) -> [String] {
        let analysis = model.analysis
        var lines = [title("Layer details", left, isFocused: false)]
        func add(_ name: String, _ value: String) {
            lines.append(TextWidth.fitted(" \(name.trailing(9))\(value)", left))
        }
        if analysis.layers.indices.contains(model.layer) {
            let changes = analysis.tree.changes[model.layer]
            add("Digest", analysis.layers[model.layer].diffID.description)
            add(
                "Changes",
                "A \(changes.added)  C \(changes.modified + changes.repeated)  D \(changes.removed)")
            for line in wrapped(analysis.instruction(model.layer), left - 10, most: 3) {
                add(line.isFirst ? "Command" : "", line.text)
            }
        }
        lines.append(title("Image details", left, isFocused: false))
        add("Image", analysis.image.title)
        add("Size", "\(Self.bytes(analysis.reclaimable.total)) in \(analysis.layers.count) layers")
        let found = analysis.reclaimable
        add("Reclaim", "\(Self.bytes(found.bytes)), \(GoNumbers.fixed((1 - found.efficiency) * 100, 1)) %")
        for reason in Reclaimable.Reason.allCases.sorted(by: { found.bytes($0) > found.bytes($1) })
        where found.bytes(reason) > 0 {
            lines.append(TextWidth.fitted("  \(Self.bytes(found.bytes(reason)).leading(8)) \(reason.title)", left))
        }
        if !analysis.secrets.isEmpty {
            lines.append(
                "\u{1b}[31m" + TextWidth.fitted(" Secrets in lower layers: \(analysis.secrets.count)", left)
                    + "\u{1b}[0m")
        }
        let figures = analysis.figures
        add(
            "Dive",
            "\(GoNumbers.fixed(figures.efficiency * 100, 2)) % efficient, \(GoNumbers.bytes(figures.wastedBytes)) wasted"
        )
        if !figures.inefficientFiles.isEmpty {
            lines.append("\u{1b}[2m" + TextWidth.fitted(" Count     Total  Path", left) + "\u{1b}[0m")
        }
        for file in figures.inefficientFiles.prefix(body) {
            let size = GoNumbers.bytes(UInt64(bitPattern: file.size)).leading(8)
            lines.append(TextWidth.fitted("\("\(file.references)".leading(6))  \(size)  \(displayed(file.path))", left))
        }
        return lines
    }

    private func wrapped(_ text: String, _ width: Int, most: Int) -> [(isFirst: Bool, text: String)] {
        var lines: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty, lines.count < most {
            let line = rest.prefix(max(8, width))
            lines.append(lines.count + 1 == most ? String(rest.prefix(width * 2)) : String(line))
            rest = rest.dropFirst(line.count)
        }
        return lines.enumerated().map { ($0.offset == 0, $0.element) }
    }

    // MARK: Right: the tree

    private func treeLines(_ model: ExplorerModel) -> [String] {
        let compared = model.isAggregated ? "Aggregated changes" : "Current layer contents"
        var lines = [title(compared, right, isFocused: model.pane != .layers)]
        let owner = showsOwners ? "UID:GID".leading(12) : ""
        let head =
            model.showsAttributes ? "Permission".trailing(11) + owner + "Size".leading(9) + "  Filetree" : "Filetree"
        lines.append("\u{1b}[2m" + TextWidth.fitted(head, right) + "\u{1b}[0m")
        if model.wrapsLines {
            lines += wrappedTree(model)
        } else {
            let first = max(0, min(model.cursor - page / 2, model.rows.count - page))
            for place in first..<min(model.rows.count, first + page) { lines += treeRow(model, place) }
        }
        if model.rows.isEmpty { lines.append(TextWidth.fitted("  nothing to show", right)) }
        return lines
    }

    /// Rows around the cursor's, each with as many lines as it needs.
    private func wrappedTree(_ model: ExplorerModel) -> [String] {
        guard !model.rows.isEmpty else { return [] }
        var lines = treeRow(model, model.cursor)
        var (before, after) = (model.cursor - 1, model.cursor + 1)
        while lines.count < page, before >= 0 || after < model.rows.count {
            let takesBefore =
                before >= 0 && (after >= model.rows.count || model.cursor - before <= after - model.cursor)
            if takesBefore {
                lines = treeRow(model, before) + lines
                before -= 1
            } else {
                lines += treeRow(model, after)
                after += 1
            }
        }
        // What does not fit goes where the cursor is not.
        let extra = max(0, lines.count - page)
        return Array(after < model.rows.count || before < 0 ? lines.prefix(page) : lines.dropFirst(extra))
    }

    /// Names need the room more.
    private var showsOwners: Bool { right >= 60 }

    private func treeRow(_ model: ExplorerModel, _ place: Int) -> [String] {
        let node = model.rows[place]
        let isCurrent = place == model.cursor && model.pane == .tree
        let tree = model.analysis.tree
        let change = model.view.changes[Int(node)]
        let state = tree.state(node, at: model.view.layer) ?? tree.state(node, at: model.view.base)
        let entry = state.flatMap { tree.entry($0) }
        var text = ""
        if model.showsAttributes {
            let owner = entry.map { "\($0.uid):\($0.gid)" } ?? ""
            text += Self.mode(tree, state).trailing(11) + (showsOwners ? owner.leading(12) : "")
            text += Self.bytes(model.view.sizes[Int(node)]).leading(9) + "  "
        }
        text += branches(model, node)
        text += model.isOpenable(node) && model.isCollapsed(node) ? "⊕ " : "─ "
        text += displayed(tree.nodes[Int(node)].name)
        if let entry, !entry.target.isEmpty { text += " → \(displayed(entry.target))" }
        let colour: String
        switch change {
        case .added: colour = "\u{1b}[32m"
        case .removed: colour = "\u{1b}[31m"
        case .modified: colour = "\u{1b}[33m"
        case .unmodified, .absent: colour = ""
        }
        let pieces = model.wrapsLines ? TextWidth.pieces(text, right) : [TextWidth.fitted(text, right)]
        return pieces.map { colour + (isCurrent ? "\u{1b}[7m" : "") + $0 + "\u{1b}[0m" }
    }

    private func branches(_ model: ExplorerModel, _ node: Int32) -> String {
        let tree = model.analysis.tree
        var text = model.isLast[Int(node)] ? "└" : "├"
        var parent = tree.nodes[Int(node)].parent
        // Deeper than the screen is wide nobody sees it.
        var depth = 0
        while parent > 0, depth < columns {
            text = (model.isLast[Int(parent)] ? "  " : "│ ") + text
            parent = tree.nodes[Int(parent)].parent
            depth += 1
        }
        return text
    }

    private static func mode(_ tree: ImageTree, _ state: ImageTree.Event?) -> String {
        guard let state, let entry = tree.entry(state) else { return "d---------" }
        return FileMode.text(entry)
    }

    // MARK: The last line

    private func keys(_ model: ExplorerModel) -> String {
        if let message = model.message { return "\u{1b}[7m" + TextWidth.fitted(" " + displayed(message), columns) }
        if model.pane == .filter {
            return "\u{1b}[7m"
                + TextWidth.fitted(" Path filter: \(displayed(model.filter))▏  enter keeps it, esc drops it", columns)
        }
        let filter = model.filter.isEmpty ? "" : " (\(displayed(model.filter)))"
        var words = ["q Quit", "tab Switch", "^F Filter\(filter)"]
        if model.pane == .layers {
            words.append("^L Layer changes\(model.isAggregated ? "" : " ●")")
            words.append("^A Aggregated\(model.isAggregated ? " ●" : "")")
        } else {
            let isWide = columns >= 130
            words += isWide ? ["space Collapse", "^space All"] : ["spc Fold"]
            for (key, name, change) in [
                ("^A", "Added", TreeView.Change.added), ("^R", "Removed", .removed), ("^M", "Modified", .modified),
                ("^U", "Unmodified", .unmodified),
            ] {
                words.append(
                    "\(key) \(isWide ? name : String(name.prefix(3)))\(model.hidden.contains(change) ? "○" : "●")")
            }
            words.append(isWide ? "^B Attributes" : "^B Attr")
            words += isWide ? ["^E Extract", "^P Wrap"] : ["^E Extr", "^P Wrap"]
        }
        return "\u{1b}[7m" + TextWidth.fitted(" " + words.joined(separator: "  "), columns)
    }
}
