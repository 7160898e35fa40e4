/// Images for several platforms under one name (image-spec image-index.md), or Docker's manifest list; also the `index.json`
/// of an image layout.
public struct ImageIndex: Document {
    /// ``MediaType/index`` or ``MediaType/dockerList``.
    public var mediaType: MediaType
    public var manifests: [ContentDescriptor]
    public var annotations: [String: String]
    public var artifactType: String?
    public var subject: ContentDescriptor?
    /// Members of the document that the specification does not name.
    public var other = JSONObject()

    public init(
        manifests: [ContentDescriptor], annotations: [String: String] = [:], mediaType: MediaType = .index,
        artifactType: String? = nil, subject: ContentDescriptor? = nil
    ) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
        self.artifactType = artifactType
        self.subject = subject
    }

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            var fields = try Fields(try JSONParser.parse(bytes))
            let type = try fields.schema(
                allowed: [.index, .dockerList], foreign: ["config", "layers", "fsLayers"])
            self.init(
                manifests: try fields.descriptors("manifests"), annotations: try fields.map("annotations") ?? [:],
                mediaType: type, artifactType: try fields.string("artifactType"),
                subject: try fields.descriptor("subject"))
            other = fields.rest
        } catch {
            throw error.inside("image index")
        }
    }

    public var bytes: [UInt8] {
        var object = other
        object["schemaVersion"] = .integer(2)
        object.put("mediaType", mediaType.rawValue)
        object["manifests"] = .array(manifests.map(\.json))
        object.put("annotations", map: annotations)
        object.put("artifactType", artifactType)
        object["subject"] = subject?.json
        return JSON.object(object).canonicalBytes
    }

    /// The image that serves a machine best, the first of equals; nil where none does. Entries that are no image
    /// manifest, such as attestations, are passed over.
    public func manifest(for machine: Platform) -> ContentDescriptor? {
        var best: (distance: Int, entry: ContentDescriptor)?
        for entry in manifests where entry.mediaType.isManifest || entry.mediaType.isIndex {
            guard let distance = entry.platform?.distance(from: machine) else { continue }
            if distance < best?.distance ?? .max { best = (distance, entry) }
        }
        return best?.entry
    }
}
