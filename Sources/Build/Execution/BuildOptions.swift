public import Containers
internal import Dockerfile
public import OCI

/// What a build is asked for besides its Dockerfile and context.
public struct BuildOptions: Sendable {
    public var request: BuildRequest
    /// Steps are executed whether or not the cache has them.
    public var ignoresCache = false
    /// Stages whose steps are executed in any case, by name.
    public var stagesWithoutCache: Set<String> = []
    public var network = SandboxSpec.Network.host
    /// `HOST:ADDRESS`.
    public var extraHosts: [String] = []
    /// Files or values, by id.
    public var secrets: [[UInt8]: Secret] = [:]
    /// Sockets of agents, by id.
    public var agents: [[UInt8]: [UInt8]] = [:]
    /// Seconds since 1970: the image's time, and the latest that its files have.
    public var timestamp: Int64?
    /// One layer over the base.
    public var squashes = false
    /// One more layer, in which no file is set-user-ID or set-group-ID.
    public var stripsSetID = false
    public var labels: [(name: String, value: String)] = []
    public var annotations: [String: String] = [:]
    public var coding = LayerCoding()
    /// The image's configuration says which steps made its layers, for builds elsewhere.
    public var embedsCache = false
    /// `RUN --security=insecure` is allowed.
    public var allowsInsecure = false

    public enum Secret: Sendable {
        case file([UInt8])
        case value([UInt8])
    }

    public init(_ request: BuildRequest) { self.request = request }
}

/// Where a build gets what is not in its context.
public struct BuildSources: Sendable {
    /// Finds or pulls an image.
    public var image: @Sendable (_ name: String, _ platform: Platform) throws(BuildError) -> Store.Image
    public var client: @Sendable () throws(BuildError) -> HTTPClient

    public init(
        image: @escaping @Sendable (String, Platform) throws(BuildError) -> Store.Image,
        client: @escaping @Sendable () throws(BuildError) -> HTTPClient
    ) {
        self.image = image
        self.client = client
    }
}
