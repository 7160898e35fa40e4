/// How a container of the image runs (image-spec config.md, "config"), with Docker's `Healthcheck`, `OnBuild` and `Shell`.
public struct Execution: Equatable, Sendable {
    public var user: String?
    /// `80/tcp` and the like, sorted.
    public var exposedPorts: [String] = []
    /// `NAME=VALUE`, in order.
    public var environment: [String] = []
    /// nil is not set; empty is set to nothing.
    public var entrypoint: [String]?
    public var command: [String]?
    /// Sorted.
    public var volumes: [String] = []
    public var workingDirectory: String?
    public var labels: [String: String] = [:]
    public var stopSignal: String?
    /// Seconds to wait for the signal's effect (Docker).
    public var stopTimeout: Int64?
    public var healthcheck: Healthcheck?
    public var onBuild: [String] = []
    public var shell: [String]?
    /// Members that are not named above.
    public var other = JSONObject()

    public init() {}

    /// Docker's check of a container's health; durations in nanoseconds, 0 for the default.
    public struct Healthcheck: Equatable, Sendable {
        /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", COMMAND]`; empty inherits.
        public var test: [String]
        public var interval: Int64?
        public var timeout: Int64?
        public var startPeriod: Int64?
        public var startInterval: Int64?
        public var retries: Int64?
        public var other = JSONObject()

        public init(
            test: [String], interval: Int64? = nil, timeout: Int64? = nil, startPeriod: Int64? = nil,
            startInterval: Int64? = nil, retries: Int64? = nil
        ) {
            self.test = test
            self.interval = interval
            self.timeout = timeout
            self.startPeriod = startPeriod
            self.startInterval = startInterval
            self.retries = retries
        }

        fileprivate init(_ fields: Fields) throws(DocumentError) {
            var fields = fields
            self.init(
                test: try fields.strings("Test") ?? [], interval: try fields.integer("Interval"),
                timeout: try fields.integer("Timeout"), startPeriod: try fields.integer("StartPeriod"),
                startInterval: try fields.integer("StartInterval"), retries: try fields.integer("Retries"))
            other = fields.rest
        }

        fileprivate var json: JSON {
            var object = other
            object.put("Test", test.isEmpty ? nil : test)
            object.put("Interval", interval)
            object.put("Timeout", timeout)
            object.put("StartPeriod", startPeriod)
            object.put("StartInterval", startInterval)
            object.put("Retries", retries)
            return .object(object)
        }
    }

    /// The value of a `config` member, by itself.
    ///
    /// - Throws: ``DocumentError`` that names the member.
    public init(json: JSON) throws(DocumentError) { try self.init(try Fields(json)) }

    init(_ fields: Fields?) throws(DocumentError) {
        self.init()
        guard var fields else { return }
        user = try fields.string("User")
        exposedPorts = try fields.set("ExposedPorts") ?? []
        environment = try fields.strings("Env") ?? []
        entrypoint = try fields.strings("Entrypoint")
        command = try fields.strings("Cmd")
        volumes = try fields.set("Volumes") ?? []
        workingDirectory = try fields.string("WorkingDir")
        labels = try fields.map("Labels") ?? [:]
        stopSignal = try fields.string("StopSignal")
        stopTimeout = try fields.integer("StopTimeout")
        if let check = try fields.object("Healthcheck") { healthcheck = try Healthcheck(check) }
        onBuild = try fields.strings("OnBuild") ?? []
        shell = try fields.strings("Shell")
        other = fields.rest
    }

    /// The value of a `config` member.
    public var object: JSONObject {
        var object = other
        object.put("User", user)
        object.put("ExposedPorts", set: exposedPorts)
        object.put("Env", environment.isEmpty ? nil : environment)
        object.put("Entrypoint", entrypoint)
        object.put("Cmd", command)
        object.put("Volumes", set: volumes)
        object.put("WorkingDir", workingDirectory)
        object.put("Labels", map: labels)
        object.put("StopSignal", stopSignal)
        object.put("StopTimeout", stopTimeout)
        object["Healthcheck"] = healthcheck?.json
        object.put("OnBuild", onBuild.isEmpty ? nil : onBuild)
        object.put("Shell", shell)
        return object
    }
}
