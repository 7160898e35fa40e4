/// Says where content is: its type, digest and size (image-spec descriptor.md). Not to be confused with a file's descriptor.
public struct ContentDescriptor: Equatable, Sendable {
    public var mediaType: MediaType
    public var digest: Digest
    /// Bytes of the content, never negative.
    public var size: Int64
    public var urls: [String]
    public var annotations: [String: String]
    public var platform: Platform?
    public var artifactType: String?
    /// The content itself, base64 as written in the document (spec: "data"); nil for nearly all.
    public var data: String?
    /// Members of the document that the specification does not name.
    public var other = JSONObject()

    public init(
        mediaType: MediaType, digest: Digest, size: Int64, urls: [String] = [], annotations: [String: String] = [:],
        platform: Platform? = nil, artifactType: String? = nil, data: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.urls = urls
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
        self.data = data
    }

    init(_ value: JSON, place: String) throws(DocumentError) {
        var fields = try Fields(value, place: place)
        guard let mediaType = try fields.string("mediaType"), !mediaType.isEmpty else {
            throw fields.failure("mediaType", "missing")
        }
        guard let digest = try fields.digest("digest") else { throw fields.failure("digest", "missing") }
        guard let size = try fields.integer("size") else { throw fields.failure("size", "missing") }
        guard size >= 0 else { throw fields.failure("size", "negative") }
        self.init(
            mediaType: MediaType(rawValue: mediaType), digest: digest, size: size,
            urls: try fields.strings("urls") ?? [],
            annotations: try fields.map("annotations") ?? [:],
            artifactType: try fields.string("artifactType"), data: try fields.string("data"))
        if let platform = try fields.object("platform") { self.platform = try Platform(platform) }
        other = fields.rest
    }

    var json: JSON {
        var object = other
        object.put("mediaType", mediaType.rawValue)
        object.put("digest", digest.description)
        object.put("size", size)
        object.put("urls", urls.isEmpty ? nil : urls)
        object.put("annotations", map: annotations)
        object["platform"] = platform?.json
        object.put("artifactType", artifactType)
        object.put("data", data)
        return .object(object)
    }
}

extension Fields {
    mutating func descriptor(_ key: String) throws(DocumentError) -> ContentDescriptor? {
        guard let value = any(key) else { return nil }
        return try ContentDescriptor(value, place: key)
    }

    /// - Throws: ``DocumentError`` where it is missing.
    mutating func descriptors(_ key: String) throws(DocumentError) -> [ContentDescriptor] {
        guard let entries = try array(key) else { throw failure(key, "missing") }
        var result: [ContentDescriptor] = []
        for (value, place) in entries { result.append(try ContentDescriptor(value, place: place)) }
        return result
    }
}
