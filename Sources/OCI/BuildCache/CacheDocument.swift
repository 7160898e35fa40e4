/// The build cache as it travels: the config of an OCI artifact (image-spec manifest.md, "Guidelines for Artifact Usage") whose
/// layers are the blobs of the entries.
///
/// ```
/// {"entries": [{"key": DIGEST, "place": TEXT, "parts": TEXT, "diffID": DIGEST, "created": RFC 3339, "blob": DESCRIPTOR}, …]}
/// ```
///
/// A reader trusts no more of it than that a key is answered by a tar: what comes for it must have the digests that are promised.
public struct CacheDocument: Document {
    public var entries: [CacheEntry]

    public var mediaType: MediaType { .buildCache }

    /// Bytes that a reader takes.
    public static let limit = 16 << 20
    /// Images and artifacts under one name that are looked at.
    static let mostImages = 64
    /// Entries of one source; no project has as many steps.
    private static let mostEntries = 100_000

    public init(entries: [CacheEntry]) { self.entries = entries }

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(bytes))
            guard let values = try fields.array("entries") else { throw fields.failure("entries", "missing") }
            var entries: [CacheEntry] = []
            for (value, place) in values { entries.append(try CacheEntry(value, place: place)) }
            self.init(entries: entries)
        } catch {
            throw error.inside("build cache")
        }
    }

    public var bytes: [UInt8] {
        var object = JSONObject()
        object["entries"] = .array(entries.map(\.json))
        return JSON.object(object).canonicalBytes
    }
}

extension CacheDocument {
    /// - Throws: ``DocumentError`` for more than anybody reads.
    static func add(_ more: [CacheEntry], to entries: inout [CacheEntry]) throws(DocumentError) {
        guard entries.count + more.count <= mostEntries else {
            throw DocumentError(subject: "build cache", cause: "it has more than \(mostEntries) entries")
        }
        entries += more
    }
}

extension MediaType {
    /// ``CacheDocument``; also the type of the artifact.
    public static let buildCache = MediaType(rawValue: "application/vnd.shale.buildcache.v1+json")
}

extension CacheDocument {
    /// Writes the artifact's documents. The blobs of the entries are there already, or go with them.
    ///
    /// - Returns: the artifact's manifest.
    /// - Throws: ``BlobError`` where they cannot be written, or are larger than any reader takes.
    public func keep(in blobs: BlobDirectory) throws(BlobError) -> ContentDescriptor {
        let bytes = self.bytes
        guard bytes.count <= Self.limit else {
            throw .unavailable("write build cache: \(bytes.count) bytes, where nobody reads more than \(Self.limit)")
        }
        let digest = try blobs.keep(bytes)
        let manifest = ImageManifest(
            config: ContentDescriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count)),
            layers: entries.map(\.layer.blob).unique, artifactType: mediaType.rawValue)
        let text = manifest.bytes
        return ContentDescriptor(
            mediaType: manifest.mediaType, digest: try blobs.keep(text), size: Int64(text.count),
            artifactType: mediaType.rawValue)
    }
}
