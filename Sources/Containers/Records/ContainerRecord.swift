public import OCI

/// What a container is and was: `config.json` in its directory.
public struct ContainerRecord: Equatable, Sendable {
    /// 64 hexadecimal digits.
    public var id: String
    public var name: String
    /// The image's manifest.
    public var image: Digest
    /// The image's configuration: its id, as Docker counts ids.
    public var imageID: Digest
    /// As it was asked for.
    public var imageName: String
    /// Its diff ids from the base up; each is `layers/<hex>` of the store.
    public var layers: [Digest]
    public var created: Instant
    public var started: Instant?
    public var finished: Instant?
    /// nil before it ended.
    public var exitCode: Int32?
    public var arguments: [String] = []
    /// What the container was made to be: the image's configuration with what the command line changed.
    public var execution: Execution
    public var hostname: String
    public var network: String = "host"
    public var hasTerminal = false
    public var isReadOnly = false
    /// `SOURCE:DESTINATION[:ro]`.
    public var volumes: [String] = []
    /// The upper became this layer when it was committed.
    public var committed: Digest?

    public init(
        id: String, name: String, image: Digest, imageID: Digest, imageName: String, layers: [Digest], created: Instant,
        execution: Execution, hostname: String
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.imageID = imageID
        self.imageName = imageName
        self.layers = layers
        self.created = created
        self.execution = execution
        self.hostname = hostname
    }

    var bytes: [UInt8] {
        var object = JSONObject()
        object["id"] = .string(id)
        object["name"] = .string(name)
        object["image"] = .string(image.description)
        object["imageID"] = .string(imageID.description)
        object["imageName"] = .string(imageName)
        object["layers"] = JSON(layers.map(\.description))
        object["created"] = .string(created.description)
        object["started"] = started.map { .string($0.description) }
        object["finished"] = finished.map { .string($0.description) }
        object["exitCode"] = exitCode.map { .integer(Int64($0)) }
        object["arguments"] = JSON(arguments)
        object["execution"] = .object(execution.object)
        object["hostname"] = .string(hostname)
        object["network"] = .string(network)
        object["terminal"] = .bool(hasTerminal)
        object["readOnly"] = .bool(isReadOnly)
        object["volumes"] = JSON(volumes)
        object["committed"] = committed.map { .string($0.description) }
        return JSON.object(object).canonicalBytes
    }

    /// - Throws: ``DocumentError``.
    init(parsing bytes: [UInt8]) throws(DocumentError) {
        let json = try JSON(parsing: bytes)
        func text(_ key: String) throws(DocumentError) -> String {
            guard let text = json[key]?.string else {
                throw DocumentError(subject: "container", place: key, cause: "missing")
            }
            return text
        }
        func instant(_ key: String) -> Instant? { json[key]?.string.flatMap { Instant($0) } }
        var layers: [Digest] = []
        for text in json["layers"]?.strings ?? [] { layers.append(try Digest(text)) }
        self.init(
            id: try text("id"), name: try text("name"), image: try Digest(try text("image")),
            imageID: try Digest(try text("imageID")), imageName: try text("imageName"), layers: layers,
            created: instant("created") ?? Instant(seconds: 0),
            execution: try Execution(json: json["execution"] ?? [:]), hostname: try text("hostname"))
        started = instant("started")
        finished = instant("finished")
        exitCode = json["exitCode"]?.integer.flatMap { Int32(exactly: $0) }
        arguments = json["arguments"]?.strings ?? []
        network = json["network"]?.string ?? "host"
        hasTerminal = json["terminal"]?.bool ?? false
        isReadOnly = json["readOnly"]?.bool ?? false
        volumes = json["volumes"]?.strings ?? []
        if let text = json["committed"]?.string { committed = try Digest(text) }
    }
}

/// What a container does now.
public enum ContainerState: Equatable, Sendable {
    case created
    case running
    case exited(Int32)
}
