/// What dive 0.13 says of an image, to the last digit, with all that it does not see.
public struct DiveFigures: Sendable {
    /// A path that is in several layers.
    public struct InefficientFile: Equatable, Sendable {
        /// With a leading slash.
        public let path: [UInt8]
        /// How many layers have it; a whiteout counts.
        public let references: Int
        /// Bytes in all of them together, also of the one that is seen.
        public let size: Int64
    }

    /// 1 where nothing is twice.
    public let efficiency: Double
    /// Bytes of all files of all layers.
    public let sizeBytes: UInt64
    /// The same without the first layer.
    public let userSizeBytes: UInt64
    public let wastedBytes: UInt64
    /// `wastedBytes` to `userSizeBytes`: above 1 where one byte is wasted twice; no number for an image of one layer.
    public let userWastedPercent: Double
    /// The largest first. Of equal ones dive's order is that of an unstable sort; here what was found last is first, as it is there
    /// for up to twelve.
    public let inefficientFiles: [InefficientFile]
    let layers: [DiveLayer]
}

/// One layer as dive sees it.
struct DiveLayer: Sendable {
    let contents: LayerContents
    /// What its export lists, in its order: an entry's number, or nil for a directory that only paths mention.
    let files: [Int?]
    var sizeBytes: UInt64 { UInt64(bitPattern: contents.fileSize) }
}

extension DiveFigures {
    /// - Parameter layers: from the base up.
    public init(_ layers: [LayerContents]) {
        var count = EfficiencyCount(layers)
        let trees = layers.map { DiveTree($0) }
        let orders = trees.map { $0.childrenFirst() }
        // Dive copies the first layer's tree, and then stacks it on the copy again.
        var stacked = trees.first ?? DiveTree()
        for (tree, order) in zip(trees, orders) {
            count.visit(tree, order, below: stacked)
            stacked.stack(tree, order)
        }
        self.init(count, layers, zip(trees, orders).map { tree, order in order.map { tree[$0].payload?.entry } })
    }

    private init(_ count: EfficiencyCount, _ layers: [LayerContents], _ lists: [[Int32?]]) {
        efficiency =
            count.cumulative == 0 ? 1 : Double(count.minimum) / Double(count.cumulative)
        sizeBytes = layers.reduce(0) { $0 &+ UInt64(bitPattern: $1.fileSize) }
        userSizeBytes = layers.dropFirst().reduce(0) { $0 &+ UInt64(bitPattern: $1.fileSize) }
        // A stable sort upwards, read from its end.
        inefficientFiles = count.matches.enumerated().sorted {
            ($0.element.size, $0.offset) > ($1.element.size, $1.offset)
        }.map(\.element)
        wastedBytes = inefficientFiles.reduce(0) { $0 &+ UInt64(bitPattern: $1.size) }
        userWastedPercent = Double(wastedBytes) / Double(userSizeBytes)
        self.layers = zip(layers, lists).map { DiveLayer(contents: $0, files: $1.map { $0.map(Int.init) }) }
    }
}

/// Paths and their sizes, as the layers are gone through.
private struct EfficiencyCount {
    private struct Data {
        var references = 0
        var cumulative: Int64 = 0
        /// -1 until a size was found: it stays so for a whiteout of what is not there.
        var minimum: Int64 = -1
    }

    private let layers: [LayerContents]
    private var places: [[UInt8]: Int] = [:]
    private var data: [Data] = []
    private var repeated: [(path: [UInt8], place: Int)] = []

    init(_ layers: [LayerContents]) { self.layers = layers }

    var minimum: Int64 { data.reduce(0) { $0 &+ $1.minimum } }
    var cumulative: Int64 { data.reduce(0) { $0 &+ $1.cumulative } }

    var matches: [DiveFigures.InefficientFile] {
        repeated.map { path, place in
            DiveFigures.InefficientFile(
                path: [0x2f] + path, references: data[place].references, size: data[place].cumulative)
        }
    }

    private func entry(_ payload: DiveTree.Payload?) -> LayerEntry? {
        payload.map { layers[Int($0.layer)].entries[Int($0.entry)] }
    }

    mutating func visit(_ tree: DiveTree, _ order: [Int32], below: DiveTree) {
        var sums: [Int32: Int64] = [:]
        for index in order where tree[index].children.isEmpty {
            let path = tree.path(index)
            let place: Int
            if let known = places[path] {
                place = known
            } else {
                place = data.count
                places[path] = place
                data.append(Data())
            }
            var size: Int64 = 0
            if tree[index].isWhiteout {
                // Dive gives up the rest of the layer here, and so loses whatever comes later in it.
                guard let hidden = below.find(path) else { return }
                if entry(below[hidden].payload)?.kind == .directory { size = sum(hidden, below, &sums) }
            } else {
                size = entry(tree[index].payload)?.size ?? 0
            }
            data[place].cumulative &+= size
            if data[place].minimum < 0 || size < data[place].minimum { data[place].minimum = size }
            data[place].references += 1
            if data[place].references == 2 { repeated.append((path, place)) }
        }
    }

    /// Bytes of a node and all beneath it.
    private func sum(_ index: Int32, _ tree: DiveTree, _ sums: inout [Int32: Int64]) -> Int64 {
        var waiting: [(index: Int32, isOpen: Bool)] = [(index, false)]
        while let (current, isOpen) = waiting.popLast() {
            if sums[current] != nil { continue }
            let node = tree[current]
            if !isOpen {
                waiting.append((current, true))
                for child in node.children.values { waiting.append((child, false)) }
            } else {
                let own = current == DiveTree.root ? 0 : entry(node.payload)?.size ?? 0
                sums[current] = node.children.values.reduce(own) { $0 &+ (sums[$1] ?? 0) }
            }
        }
        return sums[index] ?? 0
    }
}
