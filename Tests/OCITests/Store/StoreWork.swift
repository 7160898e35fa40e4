import OCI

/// What people do with a store, again and again, on a few images that share their layers.
struct StoreWork {
    let store: Store
    private var random: Random

    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    init(_ path: [UInt8], seed: UInt64) throws {
        store = try Store(at: path)
        random = Random(state: seed &* 77 &+ 1)
    }

    /// A layer of one file; the same number gives the same bytes.
    private func addLayer(_ number: Int, _ lease: Lease) throws -> (blob: ContentDescriptor, diffID: Digest) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) {
            header.replaceSubrange(at..<at + text.utf8.count, with: Array(text.utf8))
        }
        put("file\(number)", 0)
        put("0000644\0" + "0000000\0" + "0000000\0" + "00000040000\0" + "00000000000\0" + "        " + "0", 100)
        put("ustar\00000", 257)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
        let tar = header + [UInt8](repeating: UInt8(number & 0xff), count: 0o40000) + [UInt8](repeating: 0, count: 1024)
        let diffID = try Digest(of: tar)
        try lease.hold([diffID])
        if try store.blobs.size(of: diffID) == nil { try store.blobs.keep(tar, expecting: diffID) }
        let blob = ContentDescriptor(mediaType: .layer, digest: diffID, size: Int64(tar.count))
        if number % 2 == 0 { try store.unpack(blob, as: diffID, lease) }
        return (blob, diffID)
    }

    @discardableResult
    func addImage(_ numbers: [Int], as name: Reference?) throws -> ContentDescriptor {
        let lease = try store.lease()
        let layers = try numbers.map { try addLayer($0, lease) }
        let config = ImageConfig(created: "1970-01-01T00:00:00Z", diffIDs: layers.map(\.diffID))
        let manifest = ImageManifest(config: try config.descriptor(), layers: layers.map(\.blob))
        try lease.hold([try config.descriptor().digest, try manifest.descriptor().digest])
        try store.blobs.keep(config.bytes)
        try store.blobs.keep(manifest.bytes)
        let image = try manifest.descriptor()
        try store.record(image, as: name)
        return image
    }

    mutating func step() throws {
        let name = try Reference("image\(Int.random(in: 0..<4, using: &random))")
        switch Int.random(in: 0..<10, using: &random) {
        case 0: try store.unname(name)
        case 1, 2: _ = try store.prune(danglingImages: Bool.random(using: &random))
        case 3: _ = try store.images()
        case 4:
            // Somebody else may take the image away between the two.
            guard let image = try store.image(named: name) else { return }
            do throws(StoreError) { _ = try store.load(image) } catch {
                guard error.kind == .missing else { throw error }
            }
        default: try addImage((0..<3).map { _ in Int.random(in: 0..<12, using: &random) }, as: name)
        }
    }
}
