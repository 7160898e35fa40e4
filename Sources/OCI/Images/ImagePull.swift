/// Brings an image from a registry into a directory of blobs: several blobs at once, each verified while it streams; what is
/// there already is not asked for. In a store, what came of a blob before a transfer was cut short is not asked for again either.
public struct ImagePull: Sendable {
    public let repository: Repository
    public let blobs: BlobDirectory
    /// Blobs that are on their way at the same time.
    public var width = 4
    public var observer: TransferObserver = { _ in }
    /// Told of each layer with its diff id as soon as its blob is complete, from any thread.
    public var arrived: @Sendable (ContentDescriptor, Digest) -> Void = { _, _ in }

    public init(_ repository: Repository, into blobs: BlobDirectory) {
        self.repository = repository
        self.blobs = blobs
    }

    /// What came. Its manifest is kept after everything that it names, its indexes after the manifest.
    public struct Outcome: Sendable {
        public let image: SelectedImage
        public let config: ImageConfig

        /// What the name stood for at the registry: the outermost index, or the manifest itself.
        public var named: ContentDescriptor { (image.indexes.first ?? image.fetched).descriptor }
    }

    /// - Parameter platform: nil for this machine's, where an image that stands alone may also be of another one.
    /// - Throws: ``RegistryError``; blobs that were complete stay.
    public func run(_ name: ManifestName, for platform: Platform? = nil) async throws(RegistryError) -> Outcome {
        let image = try await repository.image(name, for: platform ?? .host)
        try await local(name) { () throws(BlobError) in
            try blobs.hold(([image.manifest.config] + image.manifest.layers).map(\.digest))
        }
        let config = try await self.config(image, platform)
        let layers = image.manifest.layers.unique
        for layer in layers { observer(TransferProgress(blob: layer, state: .waiting)) }
        let diffIDs = Dictionary(
            zip(image.manifest.layers.map(\.digest), config.diffIDs), uniquingKeysWith: { first, _ in first })
        try await concurrently(layers, width) { (layer) async throws(RegistryError) in
            try await pull(layer)
            if layer.mediaType.isLayer, let diffID = diffIDs[layer.digest] { arrived(layer, diffID) }
        }
        try await local(name) { () throws(BlobError) in
            for document in [image.fetched] + image.indexes.reversed() {
                try blobs.keep(document.bytes, expecting: document.descriptor.digest)
            }
        }
        return Outcome(image: image, config: config)
    }

    private func local(_ name: ManifestName, _ body: () throws(BlobError) -> Void) async throws(RegistryError) {
        do throws(BlobError) { try body() } catch {
            throw RegistryError(action: "pull \(name)", place: repository.place, reason: .local("\(error)"))
        }
    }

    /// First of all: it is small, and may say that the rest is not wanted.
    private func config(_ image: SelectedImage, _ platform: Platform?) async throws(RegistryError) -> ImageConfig {
        let descriptor = image.manifest.config
        let action = "pull config \(descriptor.digest)"
        try await repository.doing(action) { () async throws(RegistryFailure) in
            guard descriptor.size <= Repository.documentLimit else { throw .tooLarge(limit: Repository.documentLimit) }
        }
        try await pull(descriptor)
        return try await repository.doing(action) { () async throws(RegistryFailure) in
            let config: ImageConfig
            do throws(BlobError) {
                let bytes = try blobs.document(descriptor.digest)
                do throws(DocumentError) { config = try ImageConfig(parsing: bytes) } catch {
                    throw .unavailable("\(error)")
                }
            } catch {
                throw .local("\(error)")
            }
            guard config.diffIDs.count == image.manifest.layers.count else {
                throw .answer(
                    "the config has \(config.diffIDs.count) layers and the manifest \(image.manifest.layers.count)")
            }
            if let platform, config.platform.distance(from: platform) == nil {
                throw .noPlatform(platform.description, offered: [config.platform.description])
            }
            return config
        }
    }

    /// One blob of the repository, unless it is there.
    ///
    /// - Throws: ``RegistryError``; then no part of it has its name.
    public func pull(_ blob: ContentDescriptor) async throws(RegistryError) {
        try await repository.doing("pull blob \(blob.digest)") { () async throws(RegistryFailure) in
            if try isThere(blob) { return observer(TransferProgress(blob: blob, state: .existed)) }
            try await receive(blob)
            observer(TransferProgress(blob: blob, state: .done))
        }
    }

    private func receive(_ blob: ContentDescriptor) async throws(RegistryFailure) {
        let writer = try writer(blob)
        let isBegun = writer.size > 0
        do throws(RegistryFailure) { return try await receive(blob, writer) } catch {
            // What lay there was something else, or this server sends ranges of its own kind.
            guard isBegun, error.condemns || error.mayRefuseRanges else { throw error }
        }
        var again = try self.writer(blob)
        do throws(BlobError) { try again.beginAgain() } catch { throw .local("\(error)") }
        try await receive(blob, again)
    }

    private func receive(_ blob: ContentDescriptor, _ begun: consuming BlobWriter) async throws(RegistryFailure) {
        var writer = begun
        // Somebody else may have finished it just before its file could be locked.
        if try isThere(blob), writer.size == 0 { return }
        do throws(RegistryFailure) {
            try await repository.receive(blob, from: writer.size) { bytes in
                try writer.write(bytes)
                observer(TransferProgress(blob: blob, state: .moving(writer.size)))
            }
        } catch {
            writer.isKept = !error.condemns && writer.size > 0
            throw error
        }
        do throws(BlobError) { _ = try writer.finish(expecting: blob.digest, size: blob.size) } catch {
            if case .wrongDigest(let actual, _) = error { throw .wrongDigest(actual) }
            throw .local("\(error)")
        }
    }

    private func isThere(_ blob: ContentDescriptor) throws(RegistryFailure) -> Bool {
        do throws(BlobError) { return try blobs.size(of: blob.digest) == blob.size } catch { throw .local("\(error)") }
    }

    private func writer(_ blob: ContentDescriptor) throws(RegistryFailure) -> BlobWriter {
        do throws(BlobError) { return try BlobWriter.resuming(blob, in: blobs) } catch { throw .local("\(error)") }
    }
}

extension RegistryFailure {
    /// Whether the bytes that came are not to be gone on with: they are wrong, or the server is, or our disk.
    fileprivate var condemns: Bool {
        switch self {
        case .wrongDigest, .wrongSize, .truncated, .answer, .local: true
        case .transfer(let cause): cause.kind == .answer || cause.kind == .redirect
        default: false
        }
    }

    /// Statuses with which servers answer a request for a part, who would send the whole.
    fileprivate var mayRefuseRanges: Bool {
        switch self {
        case .denied: true
        case .status(let code, _): (400..<500).contains(code) || code == 501
        default: false
        }
    }
}
