import Linux
import OCI

/// The pass over one layer's entries.
struct EntryPass {
    private let reader: LayerReader
    private var visitors: [any LayerVisitor]
    private let tally: Tally
    private var entries: [LayerEntry] = []
    private var counted: Int64 = 0
    /// Names since they were last told.
    private var names = (entries: 0, parts: 0, bytes: 0)
    private var previous: [UInt8] = []
    /// Zeros that were hashed for holes.
    private var zeros: Int64 = 0

    /// Holes that are hashed, in one layer. What has more is no file that anybody compares.
    private static let mostZeros: Int64 = 1 << 30

    init(_ reader: LayerReader, _ visitors: [any LayerVisitor], _ tally: Tally) {
        self.reader = reader
        self.visitors = visitors
        self.tally = tally
    }

    mutating func run(
        _ layer: OpenedLayer
    ) throws(LayerError) -> (contents: LayerContents, visitors: [any LayerVisitor]) {
        var hasher = try ContentHasher.ofFiles()
        while let stored = try reader.next() {
            var entry = LayerEntry(stored)
            try count(entry)
            var wishes: [ContentWish] = []
            for index in visitors.indices { wishes.append(visitors[index].visit(entry)) }
            if entry.size > 0 { entry.content = try content(entry, wishes, &hasher) }
            for index in visitors.indices { visitors[index].end(entry) }
            entries.append(entry)
            report()
        }
        try tally.name(names.parts, bytes: names.bytes)
        let diffID = try reader.finish()
        if let promised = layer.diffID, promised.algorithm == diffID.algorithm, promised != diffID {
            throw LayerError(refusing: "verify layer", "its tar is \(diffID), where \(promised) is promised")
        }
        tally.add(reader.blobSize - counted, layers: 1)
        return (
            LayerContents(
                layer: layer, entries: entries, tarSize: reader.tarSize, blobSize: reader.blobSize, diffID: diffID),
            visitors
        )
    }

    /// Counts what is new of a path after the one before it, in names and bytes.
    private mutating func count(_ entry: LayerEntry) throws(LayerError) {
        let shared = zip(previous, entry.path).prefix { $0 == $1 }.count
        names.entries += 1
        names.parts += 1 + entry.path[shared...].count { $0 == 0x2f }
        names.bytes += entry.path.count + entry.target.count
        names.bytes += entry.attributes.reduce(0) { $0 + $1.name.count + $1.value.count }
        previous = entry.path
        guard names.entries == 1024 else { return }
        try tally.name(names.parts, bytes: names.bytes)
        names = (0, 0, 0)
    }

    private mutating func content(
        _ entry: LayerEntry, _ wishes: [ContentWish], _ hasher: inout ContentHasher
    ) throws(LayerError) -> ContentHash? {
        var position: Int64 = 0
        var isHashed = true
        let wanted = wishes.indices.filter { wishes[$0] != .nothing }
        try reader.data { bytes, offset in
            if isHashed { isHashed = hashZeros(offset - position, &hasher) }
            if isHashed { hasher.update(bytes) }
            position = offset &+ Int64(bytes.count)
            for index in wanted { give(index, wishes[index], bytes, offset) }
        }
        if isHashed { isHashed = hashZeros(entry.size - position, &hasher) }
        let hash = try hasher.next()
        return isHashed ? hash : nil
    }

    private mutating func give(_ index: Int, _ wish: ContentWish, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) {
        switch wish {
        case .nothing: return
        case .everything: visitors[index].take(bytes, at: offset)
        case .first(let count):
            let room = count - offset
            guard room > 0 else { return }
            visitors[index].take(UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(clamping: room))), at: offset)
        }
    }

    /// False where there were too many.
    private mutating func hashZeros(_ count: Int64, _ hasher: inout ContentHasher) -> Bool {
        if count <= 0 { return true }
        guard count <= Self.mostZeros - zeros else { return false }
        zeros += count
        let block = [UInt8](repeating: 0, count: Int(min(count, 64 << 10)))
        var rest = count
        while rest > 0 {
            block.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0.prefix(Int(clamping: rest)))) }
            rest -= Int64(block.count)
        }
        return true
    }

    private mutating func report() {
        let size = reader.blobSize
        guard size - counted > 8 << 20 else { return }
        tally.add(size - counted)
        counted = size
    }
}

extension ContentHasher {
    fileprivate static func ofFiles() throws(LayerError) -> ContentHasher {
        do throws(DigestError) { return try ContentHasher() } catch {
            throw LayerError(refusing: "hash", error.description)
        }
    }

    fileprivate mutating func next() throws(LayerError) -> ContentHash {
        do throws(DigestError) { return try finish() } catch { throw LayerError(refusing: "hash", error.description) }
    }
}
