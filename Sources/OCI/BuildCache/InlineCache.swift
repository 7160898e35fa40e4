/// The build cache inside an image: a member of its configuration, `{"entries": [{"key", "diffID", "created"}, …]}`, which says which
/// step made which of the image's own layers. (BuildKit does the same with `moby.buildkit.cache.v0`.)
extension ImageConfig {
    private static let cacheMember = "io.shale.buildcache.v1"

    /// Puts in those entries whose layers the image has, in the place of all that are there: a base image's are not this image's.
    public mutating func embed(_ entries: [CacheEntry]) {
        let own = Set(diffIDs)
        let values = entries.filter { own.contains($0.layer.diffID) }.map { JSON.object($0.inlined) }
        var object = JSONObject()
        object["entries"] = .array(values)
        other[Self.cacheMember] = values.isEmpty ? nil : .object(object)
    }

    /// - Parameter layers: the blobs of the image's diff ids.
    /// - Throws: ``DocumentError`` for a member that is not what it should be.
    func embedded(_ layers: [ContentDescriptor]) throws(DocumentError) -> [CacheEntry] {
        guard let member = other[Self.cacheMember], diffIDs.count == layers.count else { return [] }
        let blobs = Dictionary(zip(diffIDs, layers)) { first, _ in first }
        var fields = try Fields(member, place: Self.cacheMember)
        var entries: [CacheEntry] = []
        for (value, place) in try fields.array("entries") ?? [] {
            entries.append(try CacheEntry(value, place: place, layers: blobs))
        }
        return entries
    }
}

extension ImageManifest {
    /// The cache that an artifact is, or that an image has inside.
    ///
    /// - Parameter config: the bytes of the manifest's config.
    func buildCache(_ config: [UInt8]) throws(DocumentError) -> CacheDocument {
        if self.config.mediaType == .buildCache { return try CacheDocument(parsing: config) }
        guard self.config.mediaType.isConfig else { return CacheDocument() }
        return CacheDocument(entries: try ImageConfig(parsing: config).embedded(layers))
    }
}
