/// What an image is made of and how it runs (image-spec config.md), with Docker's additions.
///
/// Members that the specification does not name, Docker's `container` and `docker_version` among them, are in ``other``.
public struct ImageConfig: Document {
    public var platform: Platform
    /// RFC 3339, as written.
    public var created: String?
    public var author: String?
    public var execution: Execution
    /// The layers' tars from the base up (`rootfs.diff_ids`).
    public var diffIDs: [Digest]
    public var history: [History]
    public var other = JSONObject()

    /// Always ``MediaType/config``: the document does not say what it is; a Docker manifest calls it by Docker's name.
    public var mediaType: MediaType { .config }

    /// One line of the history: a step that made a layer, or none.
    public struct History: Equatable, Sendable {
        public var created: String?
        public var createdBy: String?
        public var author: String?
        public var comment: String?
        /// The step made no layer.
        public var emptyLayer: Bool
        public var other = JSONObject()

        public init(
            created: String? = nil, createdBy: String? = nil, author: String? = nil, comment: String? = nil,
            emptyLayer: Bool = false
        ) {
            self.created = created
            self.createdBy = createdBy
            self.author = author
            self.comment = comment
            self.emptyLayer = emptyLayer
        }
    }

    public init(
        platform: Platform = .host, created: String? = nil, author: String? = nil, execution: Execution = Execution(),
        diffIDs: [Digest] = [], history: [History] = []
    ) {
        self.platform = platform
        self.created = created
        self.author = author
        self.execution = execution
        self.diffIDs = diffIDs
        self.history = history
    }

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            var fields = try Fields(try JSONParser.parse(bytes))
            guard let os = try fields.string("os") else { throw fields.failure("os", "missing") }
            guard let architecture = try fields.string("architecture") else {
                throw fields.failure("architecture", "missing")
            }
            let platform = Platform(
                os: os, architecture: architecture, variant: try fields.string("variant"),
                osVersion: try fields.string("os.version"), osFeatures: try fields.strings("os.features") ?? [])
            guard var root = try fields.object("rootfs") else { throw fields.failure("rootfs", "missing") }
            guard try root.string("type") == "layers" else { throw root.failure("type", "layers is wanted") }
            self.init(
                platform: platform, created: try fields.string("created"), author: try fields.string("author"),
                execution: try Execution(try fields.object("config")), diffIDs: try Self.diffIDs(&root),
                history: try Self.history(&fields))
            other = fields.rest
        } catch {
            throw error.inside("image config")
        }
    }

    private static func diffIDs(_ root: inout Fields) throws(DocumentError) -> [Digest] {
        var result: [Digest] = []
        for (index, text) in (try root.strings("diff_ids") ?? []).enumerated() {
            do throws(DocumentError) { result.append(try Digest(text)) } catch {
                throw root.failure("diff_ids[\(index)]", error.cause)
            }
        }
        return result
    }

    private static func history(_ fields: inout Fields) throws(DocumentError) -> [History] {
        var result: [History] = []
        for (value, place) in try fields.array("history") ?? [] {
            var entry = try Fields(value, place: place)
            var step = History(
                created: try entry.string("created"), createdBy: try entry.string("created_by"),
                author: try entry.string("author"), comment: try entry.string("comment"),
                emptyLayer: try entry.bool("empty_layer") ?? false)
            step.other = entry.rest
            result.append(step)
        }
        return result
    }

    public var bytes: [UInt8] {
        var object = other
        object.put("os", platform.os)
        object.put("architecture", platform.architecture)
        object.put("variant", platform.variant)
        object.put("os.version", platform.osVersion)
        object.put("os.features", platform.osFeatures.isEmpty ? nil : platform.osFeatures)
        object.put("created", created)
        object.put("author", author)
        object["config"] = .object(execution.object)
        var root = JSONObject()
        root.put("type", "layers")
        root.put("diff_ids", diffIDs.map(\.description))
        object["rootfs"] = .object(root)
        if !history.isEmpty { object["history"] = .array(history.map(Self.json)) }
        return JSON.object(object).canonicalBytes
    }

    private static func json(_ step: History) -> JSON {
        var object = step.other
        object.put("created", step.created)
        object.put("created_by", step.createdBy)
        object.put("author", step.author)
        object.put("comment", step.comment)
        if step.emptyLayer { object.put("empty_layer", true) }
        return .object(object)
    }

    /// The chain ids of the layers from the base up: what a layer is on top of those below it (config.md, "Layer ChainID").
    public func chainIDs() throws(DigestError) -> [Digest] {
        var result: [Digest] = []
        for diffID in diffIDs {
            guard let below = result.last else {
                result.append(diffID)
                continue
            }
            result.append(try Digest(of: Array("\(below) \(diffID)".utf8)))
        }
        return result
    }
}
