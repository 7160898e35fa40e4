/// What a step of a build made, by what it depends on.
public struct CacheEntry: Equatable, Sendable {
    /// Of the step: the same key, the same result.
    public let key: Digest
    /// What the step is called whatever it depends on; empty where that is not known.
    public let place: String
    /// Of the key, as the builder writes them, to be compared when another key is looked for at this place; empty where they are not known.
    public let parts: String
    public let layer: Store.CachedLayer

    public init(key: Digest, place: String = "", parts: String = "", layer: Store.CachedLayer) {
        self.key = key
        self.place = place
        self.parts = parts
        self.layer = layer
    }
}

extension CacheEntry {
    /// - Throws: ``DocumentError`` for what cannot be a layer of a step.
    init(_ value: JSON, place: String, layers: [Digest: ContentDescriptor]? = nil) throws(DocumentError) {
        var fields = try Fields(value, place: place)
        guard let key = try fields.digest("key") else { throw fields.failure("key", "missing") }
        guard let diffID = try fields.digest("diffID") else { throw fields.failure("diffID", "missing") }
        let created = try fields.string("created")
        // It becomes a time of the image's history.
        if let created, Instant(created) == nil { throw fields.failure("created", "\(printable(created)) is no time") }
        let blob = if let layers { layers[diffID] } else { try fields.descriptor("blob") }
        guard let blob else { throw fields.failure("blob", "missing") }
        guard blob.mediaType.compression != nil, !blob.mediaType.isNondistributable else {
            throw fields.failure("blob", "\(printable(blob.mediaType.rawValue)) is no layer")
        }
        self.init(
            key: key, place: try fields.string("place") ?? "", parts: try fields.string("parts") ?? "",
            layer: Store.CachedLayer(
                diffID: diffID,
                blob: ContentDescriptor(mediaType: blob.mediaType, digest: blob.digest, size: blob.size),
                created: created))
    }

    /// What finds the layer again in the image that has it.
    var inlined: JSONObject {
        var object = JSONObject()
        object.put("key", key.description)
        object.put("diffID", layer.diffID.description)
        object.put("created", layer.created)
        return object
    }

    var json: JSON {
        var object = inlined
        object.put("place", place.isEmpty ? nil : place)
        object.put("parts", parts.isEmpty ? nil : parts)
        object["blob"] = layer.blob.json
        return .object(object)
    }
}
