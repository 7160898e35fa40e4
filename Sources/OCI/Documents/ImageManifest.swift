/// One image: its configuration and its layers from the base up (image-spec manifest.md), or Docker's schema 2.
public struct ImageManifest: Document {
    /// ``MediaType/manifest`` or ``MediaType/dockerManifest``.
    public var mediaType: MediaType
    public var config: ContentDescriptor
    public var layers: [ContentDescriptor]
    public var annotations: [String: String]
    public var artifactType: String?
    public var subject: ContentDescriptor?
    /// Members of the document that the specification does not name.
    public var other = JSONObject()

    public init(
        config: ContentDescriptor, layers: [ContentDescriptor], annotations: [String: String] = [:],
        mediaType: MediaType = .manifest, artifactType: String? = nil, subject: ContentDescriptor? = nil
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
        self.artifactType = artifactType
        self.subject = subject
    }

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            var fields = try Fields(try JSONParser.parse(bytes))
            let type = try fields.schema(
                allowed: [.manifest, .dockerManifest], foreign: ["manifests", "fsLayers"])
            guard let config = try fields.descriptor("config") else { throw fields.failure("config", "missing") }
            self.init(
                config: config, layers: try fields.descriptors("layers"),
                annotations: try fields.map("annotations") ?? [:], mediaType: type,
                artifactType: try fields.string("artifactType"), subject: try fields.descriptor("subject"))
            other = fields.rest
        } catch {
            throw error.inside("image manifest")
        }
    }

    public var bytes: [UInt8] {
        var object = other
        object["schemaVersion"] = .integer(2)
        object.put("mediaType", mediaType.rawValue)
        object["config"] = config.json
        object["layers"] = .array(layers.map(\.json))
        object.put("annotations", map: annotations)
        object.put("artifactType", artifactType)
        object["subject"] = subject?.json
        return JSON.object(object).canonicalBytes
    }

    /// The same image with every type among OCI's. Content keeps its bytes and digests; the manifest's own digest changes.
    public var inOCI: ImageManifest { mapTypes(\.inOCI) }

    /// The same image as Docker's schema 2, which has no annotations: they are lost.
    public var inDocker: ImageManifest {
        var result = mapTypes(\.inDocker)
        result.annotations = [:]
        result.artifactType = nil
        result.subject = nil
        result.config.annotations = [:]
        for index in result.layers.indices { result.layers[index].annotations = [:] }
        return result
    }

    private func mapTypes(_ type: KeyPath<MediaType, MediaType>) -> ImageManifest {
        var result = self
        result.mediaType = mediaType[keyPath: type]
        result.config.mediaType = config.mediaType[keyPath: type]
        for index in layers.indices { result.layers[index].mediaType = layers[index].mediaType[keyPath: type] }
        return result
    }
}
