import CLinux
import Linux
import OCI

/// One pass over the layers of an image: each is read, decompressed and hashed once for all visitors, several at a time.
/// Memory is what the names need.
public struct LayerPass: Sendable {
    /// How far it is; called from several threads.
    public struct Progress: Sendable {
        public let layersDone: Int
        public let layers: Int
        /// Bytes of blobs.
        public let bytesDone: Int64
        public let bytes: Int64
    }

    private let observer: (@Sendable (Progress) -> Void)?
    private let workers: Int

    /// - Parameters:
    ///   - workers: layers at a time; as many as there are processors otherwise.
    ///   - observer: told at every few megabytes.
    public init(workers: Int? = nil, observer: (@Sendable (Progress) -> Void)? = nil) {
        self.workers = max(1, workers ?? Int(cl_processors()))
        self.observer = observer
    }

    /// Reads all layers of an image.
    ///
    /// - Parameter visitors: makes those of one layer. They come back in the same order as they ended.
    /// - Returns: for each layer from the base up, what is in it and its visitors.
    /// - Throws: ``AnalysisError`` in one line, which names the layer: what is damaged, hostile, or not what the configuration promises.
    public func read(
        _ image: OpenedImage, _ visitors: @escaping @Sendable (OpenedLayer) -> [any LayerVisitor] = { _ in [] }
    ) async throws(AnalysisError) -> [(contents: LayerContents, visitors: [any LayerVisitor])] {
        let tally = Tally(image, observer)
        // The largest first: the last to end should be a small one.
        let order = image.layers.sorted { $0.size > $1.size || $0.size == $1.size && $0.index < $1.index }
        let results = await withTaskGroup(of: Outcome.self) { group -> [Outcome] in
            var waiting = order.makeIterator()
            var results: [Outcome] = []
            func start() {
                guard let layer = waiting.next() else { return }
                group.addTask { Self.read(layer, visitors(layer), tally) }
            }
            for _ in 0..<workers { start() }
            while let outcome = await group.next() {
                results.append(outcome)
                if case .failure = outcome {
                    group.cancelAll()
                    break
                }
                start()
            }
            return results
        }
        var found: [(contents: LayerContents, visitors: [any LayerVisitor])] = []
        for result in results { found.append(try result.get()) }
        return found.sorted { $0.contents.layer.index < $1.contents.layer.index }
    }

    private typealias Outcome = Result<(contents: LayerContents, visitors: [any LayerVisitor]), AnalysisError>

    private static func read(_ layer: OpenedLayer, _ visitors: [any LayerVisitor], _ tally: Tally) -> Outcome {
        do throws(AnalysisError) {
            return .success(
                try layer.content.read { (reader) throws(LayerError) in
                    var pass = EntryPass(reader, visitors, tally)
                    return try pass.run(layer)
                })
        } catch {
            return .failure(AnalysisError("layer \(layer.index + 1): \(error)"))
        }
    }
}

/// What was read so far, by all threads.
final class Tally: Sendable {
    private let layers: Int
    private let bytes: Int64
    private let observer: (@Sendable (LayerPass.Progress) -> Void)?
    private let done = Locked((layers: 0, bytes: Int64(0)))
    private let names = Locked((parts: 0, bytes: 0))

    /// Parts of paths, and bytes of them, that the layers of one image may have: what an analysis holds in memory. Large images have
    /// a tenth.
    private static let mostParts = 4_000_000
    private static let mostBytes = 1 << 30

    init(_ image: OpenedImage, _ observer: (@Sendable (LayerPass.Progress) -> Void)?) {
        layers = image.layers.count
        bytes = image.layers.reduce(0) { $0 &+ $1.size }
        self.observer = observer
    }

    /// - Throws: ``LayerError`` for more than an image may have.
    func name(_ parts: Int, bytes: Int) throws(LayerError) {
        let isTooMuch = names.withLock { names in
            names.parts += parts
            names.bytes += bytes
            return names.parts > Self.mostParts || names.bytes > Self.mostBytes
        }
        guard isTooMuch else { return }
        throw LayerError(
            refusing: "read", "the image has more than \(Self.mostParts) names, or \(Self.mostBytes) bytes of them")
    }

    func add(_ bytes: Int64, layers: Int = 0) {
        guard let observer else { return }
        let now = done.withLock { done in
            done.layers += layers
            done.bytes += bytes
            return done
        }
        observer(
            LayerPass.Progress(layersDone: now.layers, layers: self.layers, bytesDone: now.bytes, bytes: self.bytes))
    }
}
