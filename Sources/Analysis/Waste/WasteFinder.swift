import OCI

extension Reclaimable {
    public init(_ tree: ImageTree) {
        var finder = WasteFinder(tree)
        finder.findHidden()
        finder.findVisible()
        self.init(finder.items(), total: tree.layers.reduce(0) { $0 &+ $1.fileSize })
    }
}

/// Gives every file's bytes a reason, or none.
private struct WasteFinder {
    private struct Group: Hashable {
        let reason: Reclaimable.Reason
        let layer: Int32
        let by: Int32
        let detail: String
        /// A node, for what goes together by place.
        let place: Int32
    }

    private struct Files {
        var bytes: Int64 = 0
        var files = 0
        var common: [ArraySlice<UInt8>]?
        var examples: [(path: [UInt8], bytes: Int64)] = []

        mutating func add(_ path: [UInt8], _ size: Int64) {
            bytes &+= size
            files += 1
            let parts = path.split(separator: 0x2f)
            if let known = common {
                common = zip(known, parts).prefix { $0 == $1 }.map(\.0)
            } else {
                common = parts
            }
            examples.append((path, size))
            // Kept within bounds without sorting each time.
            if examples.count >= 4 * Reclaimable.Item.mostExamples { trim() }
        }

        mutating func trim() {
            examples.sort { $0.bytes > $1.bytes || $0.bytes == $1.bytes && $0.path.lexicographicallyPrecedes($1.path) }
            examples.removeLast(max(0, examples.count - Reclaimable.Item.mostExamples))
        }
    }

    private let tree: ImageTree
    private var groups: [Group: Files] = [:]
    /// Data that the finished image shows, and that some node's history mentions.
    private var visible: Set<ImageTree.Event> = []
    private var mentioned: Set<ImageTree.Event> = []

    init(_ tree: ImageTree) {
        self.tree = tree
        for node in tree.nodes {
            if let last = node.events.last, !last.isDeleted, tree.size(last) > 0 { visible.insert(tree.data(last)) }
        }
    }

    private mutating func put(
        _ reason: Reclaimable.Reason, _ event: ImageTree.Event, by: Int32 = -1, detail: String = "",
        place: Int32 = -1, _ path: [UInt8]
    ) {
        let group = Group(reason: reason, layer: event.layer, by: by, detail: detail, place: place)
        groups[group, default: Files()].add(path, tree.size(event))
    }

    // MARK: What the finished image does not show

    mutating func findHidden() {
        for index in tree.nodes.indices {
            let events = tree.nodes[index].events
            for (place, event) in events.enumerated() where tree.entry(event)?.size ?? 0 > 0 {
                mentioned.insert(event)
                if visible.contains(event) || place + 1 >= events.count { continue }
                hidden(Int32(truncatingIfNeeded: index), event, events[place + 1])
            }
        }
        for layer in tree.layers.indices {
            for (number, entry) in tree.layers[layer].entries.enumerated() where entry.size > 0 {
                let event = ImageTree.Event(layer: Int32(layer), entry: Int32(truncatingIfNeeded: number))
                if mentioned.contains(event) { continue }
                put(.unreachable, event, entry.storedPath)
            }
        }
        mentioned = []
    }

    private mutating func hidden(_ node: Int32, _ event: ImageTree.Event, _ next: ImageTree.Event) {
        let path = tree.path(node)
        guard let old = tree.entry(event) else { return }
        if next.isDeleted {
            return put(.deletedLater, event, by: next.layer, place: topmost(node, next.layer), path)
        }
        guard let new = tree.entry(tree.data(next)), new.kind == .file, tree.hasSameData(old, new) else {
            return put(.replacedLater, event, by: next.layer, path)
        }
        let changed = Self.changed(old, new)
        put(
            changed.isEmpty ? .repeated : .metadataChanged, event, by: next.layer,
            detail: changed.joined(separator: ", "), path)
    }

    /// The highest directory that went with a node.
    private func topmost(_ node: Int32, _ layer: Int32) -> Int32 {
        var top = node
        while true {
            let parent = tree.nodes[Int(top)].parent
            guard parent > 0,
                tree.nodes[Int(parent)].events.contains(ImageTree.Event(layer: layer, entry: ImageTree.Event.deleted))
            else { return top }
            top = parent
        }
    }

    private static func changed(_ old: LayerEntry, _ new: LayerEntry) -> [String] {
        var words: [String] = []
        if old.uid != new.uid || old.gid != new.gid { words.append("owner") }
        if old.mode != new.mode { words.append("mode") }
        if old.attributes != new.attributes { words.append("attributes") }
        return words
    }

    // MARK: What it shows

    mutating func findVisible() {
        var seen: [ContentHash: [UInt8]] = [:]
        var counted: Set<ImageTree.Event> = []
        for index in tree.nodes.indices {
            guard let last = tree.nodes[index].events.last, !last.isDeleted else { continue }
            let event = tree.data(last)
            // Another name of a file costs nothing.
            guard let entry = tree.entry(event), entry.size > 0, counted.insert(event).inserted else { continue }
            let path = tree.path(Int32(truncatingIfNeeded: index))
            if let cache = PackageCache.name(path) {
                put(.packageCache, event, detail: cache, path)
            } else if let content = entry.content {
                if let other = seen[content] {
                    put(.duplicate, event, detail: "as /\(displayed(other))", path)
                } else {
                    seen[content] = path
                }
            }
        }
    }

    // MARK: The outcome

    func items() -> [Reclaimable.Item] {
        groups.map { group, files in
            var files = files
            files.trim()
            return Reclaimable.Item(
                reason: group.reason,
                path: group.place >= 0
                    ? tree.path(group.place) : Array((files.common ?? []).joined(separator: [0x2f])),
                bytes: files.bytes, files: files.files, layer: Int(group.layer),
                by: group.by < 0 ? nil : Int(group.by), detail: group.detail, examples: files.examples)
        }.sorted {
            if $0.bytes != $1.bytes { return $0.bytes > $1.bytes }
            if $0.path != $1.path { return $0.path.lexicographicallyPrecedes($1.path) }
            return ($0.layer, $0.by ?? -1, $0.detail) < ($1.layer, $1.by ?? -1, $1.detail)
        }
    }
}
