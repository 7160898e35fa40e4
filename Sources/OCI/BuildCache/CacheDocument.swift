/// The build cache as it travels: the config of an OCI artifact (image-spec manifest.md, "Guidelines for Artifact Usage") whose
/// layers are the blobs of the entries.
///
/// ```
/// {"entries": [{"key": DIGEST, "place": TEXT, "parts": TEXT, "diffID": DIGEST, "created": RFC 3339, "blob": DESCRIPTOR}, …],
///  "mounts": [{"key": DIGEST, "place": TEXT, "diffID": DIGEST, "blob": DESCRIPTOR}, …]}
/// ```
/// Mounts are directories that steps share from build to build: the key is the digest of the mount's id, the place the directory's name.
///
/// A reader trusts no more of it than that a key is answered by a tar: what comes for it must have the digests that are promised.
public struct CacheDocument: Document {
    public var entries: [CacheEntry]
    public var mounts: [CacheEntry]

    public var mediaType: MediaType { .buildCache }

    /// Bytes that a reader takes.
    public static let limit = 16 << 20
    /// Images and artifacts under one name that are looked at.
    static let mostImages = 64
    /// Entries of one source; no project has as many steps.
    private static let mostEntries = 100_000

    public init(entries: [CacheEntry] = [], mounts: [CacheEntry] = []) {
        self.entries = entries
        self.mounts = mounts
    }

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(bytes))
            guard let values = try fields.array("entries") else { throw fields.failure("entries", "missing") }
            self.init()
            for (value, place) in values { entries.append(try CacheEntry(value, place: place)) }
            for (value, place) in try fields.array("mounts") ?? [] {
                mounts.append(try CacheEntry(value, place: place))
            }
        } catch {
            throw error.inside("build cache")
        }
    }

    public var bytes: [UInt8] {
        var object = JSONObject()
        object["entries"] = .array(entries.map(\.json))
        if !mounts.isEmpty { object["mounts"] = .array(mounts.map(\.json)) }
        return JSON.object(object).canonicalBytes
    }
}

extension CacheDocument {
    /// - Throws: ``DocumentError`` for more than anybody reads.
    mutating func add(_ more: CacheDocument) throws(DocumentError) {
        let count = entries.count + mounts.count + more.entries.count + more.mounts.count
        guard count <= Self.mostEntries else {
            throw DocumentError(subject: "build cache", cause: "it has more than \(Self.mostEntries) entries")
        }
        entries += more.entries
        mounts += more.mounts
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
            layers: (entries + mounts).map(\.layer.blob).unique, artifactType: mediaType.rawValue)
        let text = manifest.bytes
        return ContentDescriptor(
            mediaType: manifest.mediaType, digest: try blobs.keep(text), size: Int64(text.count),
            artifactType: mediaType.rawValue)
    }
}
