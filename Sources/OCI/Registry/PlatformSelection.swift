/// One image's manifest, found under a name that may stand for several platforms.
public struct SelectedImage: Sendable {
    public let fetched: FetchedManifest
    public let manifest: ImageManifest
    /// The index that led to it, outermost first; empty where the name is the image's own.
    public let indexes: [FetchedManifest]
}

extension Repository {
    /// The image of a name that serves a platform best.
    ///
    /// - Throws: ``RegistryError`` of reason `noPlatform` with what is offered instead.
    public func image(_ name: ManifestName, for platform: Platform) async throws(RegistryError) -> SelectedImage {
        var fetched = try await manifest(name)
        var indexes: [FetchedManifest] = []
        // An index may name indexes; no image in use nests deeper than two.
        while fetched.descriptor.mediaType.isIndex {
            indexes.append(fetched)
            let chosen = try await doing("pull \(name)") { () async throws(RegistryFailure) -> ContentDescriptor in
                guard indexes.count <= 4 else { throw .answer("its indexes nest deeper than 4") }
                let index = try Self.parse { () throws(DocumentError) in try ImageIndex(parsing: fetched.bytes) }
                if let chosen = index.manifest(for: platform) { return chosen }
                // A lone image without a word about its platform is meant for whoever asks.
                if index.manifests.count == 1, let only = index.manifests.first, only.platform == nil { return only }
                throw .noPlatform(
                    platform.description, offered: index.manifests.compactMap { $0.platform?.description })
            }
            fetched = try await manifest(.digest(chosen.digest), size: chosen.size)
        }
        let document = fetched
        let manifest = try await doing("pull \(name)") { () async throws(RegistryFailure) in
            try Self.parse { () throws(DocumentError) in try ImageManifest(parsing: document.bytes) }
        }
        return SelectedImage(fetched: fetched, manifest: manifest, indexes: indexes)
    }

    private static func parse<Result>(
        _ body: () throws(DocumentError) -> Result
    ) throws(RegistryFailure) -> Result {
        do throws(DocumentError) { return try body() } catch { throw .document(error) }
    }
}
