public import Changes
import Linux
import OCI

/// Two images compared file by file: what their finished trees show. Times are not compared.
public enum ImageDifference {
    /// What turns the first into the second, in the order of paths; with a directory also all that is in it.
    public static func changes(from old: ImageTree, to new: ImageTree) -> [Change] {
        let before = Side(old)
        let after = Side(new)
        var changes: [Change] = []
        var waiting: [(path: [UInt8], old: Int32?, new: Int32?)] = [([], 0, 0)]
        while let (path, a, b) = waiting.popLast() {
            if !path.isEmpty, let change = change(path, before.entry(a), after.entry(b)) { changes.append(change) }
            let olds = before.children(a)
            let news = after.children(b)
            let names = Set(olds.keys).union(news.keys).sorted { $1.lexicographicallyPrecedes($0) }
            for name in names { waiting.append((path.isEmpty ? name : path + [0x2f] + name, olds[name], news[name])) }
        }
        return changes
    }

    private static func change(_ path: [UInt8], _ old: Shown?, _ new: Shown?) -> Change? {
        switch (old, new) {
        case (nil, nil): return nil
        case (nil, let new?): return Change(kind: .added, path: path, type: new.type, size: new.size)
        case (let old?, nil): return Change(kind: .deleted, path: path, type: old.type, size: old.size)
        case (let old?, let new?):
            return old == new ? nil : Change(kind: .changed, path: path, type: new.type, size: new.size)
        }
    }

    /// A finished tree.
    private struct Side {
        let tree: ImageTree
        let layer: Int

        init(_ tree: ImageTree) {
            self.tree = tree
            layer = tree.layers.count - 1
        }

        func children(_ node: Int32?) -> [[UInt8]: Int32] {
            guard let node else { return [:] }
            var children: [[UInt8]: Int32] = [:]
            for child in tree.nodes[Int(node)].children where tree.state(child, at: layer) != nil {
                children[tree.nodes[Int(child)].name] = child
            }
            return children
        }

        func entry(_ node: Int32?) -> Shown? {
            guard let node, let state = tree.state(node, at: layer) else { return nil }
            return Shown(tree.entry(tree.data(state)))
        }
    }

    /// All of an object that is compared.
    private struct Shown: Equatable {
        let type: UInt32
        let size: UInt64
        private let mode: UInt32
        private let owner: [UInt32]
        private let target: [UInt8]
        private let device: UInt64
        private let attributes: [[UInt8]: [UInt8]]
        private let content: ContentHash?

        /// - Parameter entry: nil for a directory that only paths mention.
        init(_ entry: LayerEntry?) {
            let kind = entry?.kind ?? .directory
            type = Self.type(kind)
            size = UInt64(entry?.size ?? 0)
            mode = entry?.mode ?? 0o755
            owner = [entry?.uid ?? 0, entry?.gid ?? 0]
            target = entry?.target ?? []
            device = entry?.device?.raw ?? 0
            attributes = Dictionary(
                (entry?.attributes ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
            content = entry?.content
        }

        private static func type(_ kind: LayerEntry.Kind) -> UInt32 {
            switch kind {
            case .directory: return 0o040000
            case .symlink: return 0o120000
            case .characterDevice: return 0o020000
            case .blockDevice: return 0o060000
            case .fifo: return 0o010000
            case .file, .hardLink, .whiteout, .opaque, .bookkeeping: return 0o100000
            }
        }
    }
}
