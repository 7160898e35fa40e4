/// A JSON document of an image: parsed strictly, written canonically, unknown members kept.
public protocol Document: Equatable, Sendable {
    /// - Throws: ``DocumentError`` that names the place and the cause.
    init(parsing bytes: [UInt8]) throws(DocumentError)
    /// The canonical text (``JSON/canonicalBytes``).
    var bytes: [UInt8] { get }
    /// What the document is, for its descriptor.
    var mediaType: MediaType { get }
}

extension Document {
    /// The descriptor of the document as it is written.
    public func descriptor() throws(DigestError) -> ContentDescriptor {
        let bytes = self.bytes
        return ContentDescriptor(mediaType: mediaType, digest: try Digest(of: bytes), size: Int64(bytes.count))
    }
}

extension Fields {
    /// `schemaVersion` and `mediaType` of a manifest or an index, the type one of `allowed` (its default first).
    ///
    /// What has the members of both an index and a manifest would be two images in one, by who reads it (CVE-2021-41190).
    mutating func schema(
        allowed: [MediaType], foreign: [String]
    ) throws(DocumentError) -> MediaType {
        let version = try integer("schemaVersion")
        guard version == 2 else {
            throw failure(
                "schemaVersion",
                version == 1 ? "1 is Docker's old format, which has no digests of content" : "2 is wanted")
        }
        for key in foreign where rest[key] != nil {
            throw failure(key, "an index and a manifest in one document")
        }
        guard let text = try string("mediaType"), !text.isEmpty else { return allowed[0] }
        let type = MediaType(rawValue: text)
        guard allowed.contains(type) else { throw failure("mediaType", "\(printable(text)) is not what is read here") }
        return type
    }
}
