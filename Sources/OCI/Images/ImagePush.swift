internal import Linux

/// Brings an image from a directory of blobs to a registry: several blobs at once, then the manifest.
public struct ImagePush: Sendable {
    public let repository: Repository
    public let blobs: BlobDirectory
    /// Blobs that are on their way at the same time.
    public var width = 4
    public var observer: TransferObserver = { _ in }
    /// Repositories of the same registry that may have a blob already.
    public var sources: @Sendable (Digest) -> [String] = { _ in [] }

    public init(_ repository: Repository, from blobs: BlobDirectory) {
        self.repository = repository
        self.blobs = blobs
    }

    /// - Parameters:
    ///   - manifest: of an image whose blobs are all there.
    ///   - name: the tag that it gets, or its own digest.
    /// - Throws: ``RegistryError``; then there is no manifest under that name that was not there before.
    public func run(_ manifest: ContentDescriptor, as name: ManifestName) async throws(RegistryError) {
        let bytes = try await local { () throws(BlobError) in try blobs.document(manifest.digest) }
        let parsed = try await repository.doing("push manifest \(name)") { () async throws(RegistryFailure) in
            do throws(DocumentError) { return try ImageManifest(parsing: bytes) } catch { throw .document(error) }
        }
        let everything = ([parsed.config] + parsed.layers).unique
        for blob in everything { observer(TransferProgress(blob: blob, state: .waiting)) }
        try await concurrently(everything, width) { (blob) async throws(RegistryError) in try await push(blob) }
        try await repository.push(manifest: bytes, parsed.mediaType, as: name)
    }

    private func push(_ blob: ContentDescriptor) async throws(RegistryError) {
        let file = try await local { () throws(BlobError) in SharedFile(try blobs.open(blob.digest)) }
        let observer = observer
        let outcome = try await repository.push(blob: blob, from: file, mountingFrom: sources(blob.digest)) { sent in
            observer(TransferProgress(blob: blob, state: .moving(sent)))
        }
        switch outcome {
        case .existed: observer(TransferProgress(blob: blob, state: .existed))
        case .mounted: observer(TransferProgress(blob: blob, state: .mounted))
        case .uploaded: observer(TransferProgress(blob: blob, state: .done))
        }
    }

    private func local<Result>(_ body: () throws(BlobError) -> Result) async throws(RegistryError) -> Result {
        do throws(BlobError) { return try body() } catch {
            throw RegistryError(action: "push", place: repository.place, reason: .local("\(error)"))
        }
    }
}
