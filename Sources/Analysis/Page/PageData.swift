/// What the page's script works on: the report, and the tree with every layer's events.
enum PageData {
    /// More names than that make a page slow to open: the smallest files are left out.
    private static let mostNodes = 60_000

    static func bytes(_ analysis: ImageAnalysis) -> [UInt8] {
        let kept = Kept(analysis.tree, most: mostNodes)
        var text = GoJSON(isCompact: true)
        text.object {
            $0.member("report") { JSONReport.write(analysis, &$0) }
            $0.member("instructions") {
                $0.array(Array(analysis.layers.indices)) { $0.string(analysis.instruction($1)) }
            }
            $0.member("inefficient") {
                $0.array(Array(analysis.figures.inefficientFiles.prefix(2000))) { text, file in
                    text.raw("[")
                    text.string(file.path)
                    text.raw(",\(file.references),\(file.size)]")
                }
            }
            $0.member("least") { $0.raw("\(kept.least)") }
            $0.member("nodes") { $0.array(kept.nodes) { node(analysis.tree, kept, $1, &$0) } }
        }
        return text.bytes
    }

    /// `[name, parent, [layer, kind, size, mode, uid, gid, hidden, target]…]`; parents are places in the list.
    private static func node(_ tree: ImageTree, _ kept: Kept, _ node: Int32, _ text: inout GoJSON) {
        let found = tree.nodes[Int(node)]
        text.raw("[")
        text.string(found.name)
        text.raw(",\(found.parent < 0 ? -1 : kept.places[Int(found.parent)])")
        for event in found.events {
            text.raw(",[\(event.layer),\"\(letter(tree, event))\"")
            if let entry = tree.entry(event) {
                let isHidden = entry.size > 0 && !kept.visible.contains(event)
                text.raw(",\(entry.size),\(entry.mode),\(entry.uid),\(entry.gid),\(isHidden ? 1 : 0)")
                if !entry.target.isEmpty {
                    text.raw(",")
                    text.string(entry.target)
                }
            }
            text.raw("]")
        }
        text.raw("]")
    }

    private static func letter(_ tree: ImageTree, _ event: ImageTree.Event) -> String {
        if event.isDeleted { return "x" }
        switch tree.entry(event)?.kind {
        case .directory, nil: return "d"
        case .symlink: return "l"
        case .hardLink: return "h"
        case .characterDevice: return "c"
        case .blockDevice: return "b"
        case .fifo: return "p"
        default: return "f"
        }
    }
}

/// The nodes that the page shows.
private struct Kept {
    private(set) var nodes: [Int32] = []
    /// By node: its place in the list.
    private(set) var places: [Int32]
    /// Smaller files are left out.
    private(set) var least: Int64 = 0
    private(set) var visible: Set<ImageTree.Event> = []

    init(_ tree: ImageTree, most: Int) {
        var largest = [Int64](repeating: 0, count: tree.nodes.count)
        for index in tree.nodes.indices {
            largest[index] = tree.nodes[index].events.reduce(0) { max($0, tree.entry($1)?.size ?? 0) }
            if let last = tree.nodes[index].events.last, !last.isDeleted { visible.insert(tree.data(last)) }
        }
        // A directory stays with the largest of what is in it.
        for index in tree.nodes.indices.reversed() {
            let parent = Int(tree.nodes[index].parent)
            if parent >= 0 { largest[parent] = max(largest[parent], largest[index]) }
        }
        if tree.nodes.count > most { least = largest.sorted(by: >)[most] + 1 }
        places = [Int32](repeating: -1, count: tree.nodes.count)
        for index in tree.nodes.indices where index == 0 || largest[index] >= least {
            places[index] = Int32(truncatingIfNeeded: nodes.count)
            nodes.append(Int32(truncatingIfNeeded: index))
        }
    }
}
