import ArgumentParser
import Build
import Containers
import Dockerfile
import Glibc
import Linux
import OCI

/// What a build is made from.
struct BuildInputs: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The Dockerfile; - is standard input. CONTEXT/Dockerfile otherwise.", valueName: "file"))
    var file: String?

    @Option(help: "The stage to build; the last one otherwise.")
    var target: String?

    @Option(help: ArgumentHelp("A value for an ARG; without one the variable's.", valueName: "name[=value]"))
    var buildArg: [String] = []

    @Option(
        help: ArgumentHelp(
            "What a name in FROM and --from means: docker-image://NAME, oci-layout://DIR, a directory, an address.",
            valueName: "name=value"))
    var buildContext: [String] = []

    @Option(help: ArgumentHelp("id=ID[,src=FILE|,env=VARIABLE].", valueName: "secret"))
    var secret: [String] = []

    @Option(help: ArgumentHelp("default or ID[=SOCKET]: an ssh agent.", valueName: "agent"))
    var ssh: [String] = []

    @Option(help: "os/architecture[/variant], several separated by commas; this machine's otherwise.")
    var platform: [String] = []

    @Flag(help: "Fetch images again, whether or not they are here.")
    var pull = false

    @Option(help: "The network of RUN: host, or none.")
    var network = BuildNetwork.default

    @Option(help: ArgumentHelp("One more line of /etc/hosts for RUN.", valueName: "host:address"))
    var addHost: [String] = []

    @Option(help: ArgumentHelp("security.insecure: allow RUN --security=insecure.", valueName: "entitlement"))
    var allow: [String] = []

    @Option(help: "Seconds since 1970: the image's time, and the latest of its files. Otherwise SOURCE_DATE_EPOCH.")
    var timestamp: Int64?

    enum BuildNetwork: String, ExpressibleByArgument, CaseIterable {
        case `default`, host, none
    }

    func validate() throws {
        if let other = allow.first(where: { $0 != "security.insecure" && $0 != "network.host" }) {
            throw ValidationError("--allow \(other): security.insecure and network.host are known")
        }
        if let timestamp, timestamp < 0 { throw ValidationError("--timestamp: seconds since 1970 are wanted") }
    }

    func platforms() throws -> [BuildPlatform] {
        let host = Self.host
        let texts = platform.flatMap { $0.split(separator: ",").map(String.init) }
        if texts.isEmpty { return [host] }
        return try texts.map { text in
            guard let platform = BuildPlatform(Array(text.utf8), host: host) else {
                throw Failure.used("--platform \(text): no platform")
            }
            return platform
        }
    }

    static var host: BuildPlatform {
        BuildPlatform(
            os: Platform.host.os, architecture: Platform.host.architecture, variant: Platform.host.variant ?? "")
    }

    func request(for platform: BuildPlatform? = nil) throws -> BuildRequest {
        var request = BuildRequest(target: target, host: Self.host, platform: platform)
        for text in buildArg {
            let bytes = Arguments.bytes(text)
            if let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
                request.arguments[Array(bytes[..<equals])] = Array(bytes[(equals + 1)...])
            } else if let value = Environment.process.path(text) {
                request.arguments[bytes] = value
            }
        }
        for text in buildContext {
            let bytes = Arguments.bytes(text)
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0 else {
                throw Failure.used("--build-context \(text): NAME=VALUE is wanted")
            }
            request.contexts[Array(bytes[..<equals])] = try NamedContext(Array(bytes[(equals + 1)...]))
        }
        return request
    }

    func options(for platform: BuildPlatform) throws -> BuildOptions {
        var options = BuildOptions(try request(for: platform))
        options.network = network == .none ? .none : .host
        options.extraHosts = addHost
        options.allowsInsecure = allow.contains("security.insecure")
        options.timestamp = try timestamp ?? options.request.sourceDateEpoch ?? SourceDate.epoch
        for text in secret { try addSecret(text, &options) }
        for text in ssh { try addAgent(text, &options) }
        return options
    }

    private func addSecret(_ text: String, _ options: inout BuildOptions) throws {
        var values: [String: String] = [:]
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, ["id", "src", "source", "env", "type"].contains(parts[0]) else {
                throw Failure.used("--secret \(text): \(field) is unknown; id, src, env and type are")
            }
            values[parts[0] == "source" ? "src" : parts[0]] = parts[1]
        }
        guard let id = values["id"] else { throw Failure.used("--secret \(text): it has no id") }
        let key = Arguments.bytes(id)
        switch values["type"] {
        case nil: break
        case "file"?: values["src"] = values["src"] ?? id
        case "env"?: (values["env"], values["src"]) = (values["env"] ?? values["src"] ?? id, nil)
        case let other?: throw Failure.used("--secret \(text): type \(other) is unknown; file and env are known")
        }
        if let path = values["src"] {
            guard access(Arguments.bytes(path).cPath, R_OK) == 0 else {
                throw Failure.used("--secret \(path): \(String(cString: strerror(errno)))")
            }
            options.secrets[key] = .file(Arguments.bytes(path))
            return
        }
        let variable = values["env"] ?? id
        if let value = Environment.process.path(variable) {
            options.secrets[key] = .value(value)
        } else if values["env"] == nil, access(key.cPath, R_OK) == 0 {
            options.secrets[key] = .file(key)
        } else {
            throw Failure.used("--secret \(text): neither a file nor a variable \(variable) is there")
        }
    }

    private func addAgent(_ text: String, _ options: inout BuildOptions) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard let id = parts.first else { throw Failure.used("--ssh: default or ID=SOCKET is wanted") }
        guard let socket = parts.count == 2 ? Arguments.bytes(parts[1]) : Environment.process.path("SSH_AUTH_SOCK")
        else {
            throw Failure.used("--ssh \(text): SSH_AUTH_SOCK is not set")
        }
        let name = printable(String(decoding: socket, as: UTF8.self))
        guard access(socket.cPath, R_OK | W_OK) == 0 else {
            throw Failure.used("--ssh \(text): \(name): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard stat(socket.cPath, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure.used(
                "--ssh \(text): \(name) is no agent's socket; a key is offered by ssh-agent(1) and ssh-add(1)")
        }
        options.agents[Array(id.utf8)] = socket
    }

    /// How `FROM` and `--from` find images.
    func finder(
        _ store: Store, _ registry: RegistryOptions
    ) -> @Sendable (String, Platform) throws(BuildError) -> Store.Image {
        let policy: PullPolicy = pull ? .always : .missing
        let registry = Unchecked(registry)
        return { (name, platform) throws(BuildError) in
            do {
                return try ImageSource(store: store, registry: registry.value, policy: policy, platform: platform)
                    .find(name)
            } catch {
                throw BuildError((error as? Failure)?.message ?? "\(error)")
            }
        }
    }

    /// Options are read and never changed once they are parsed.
    struct Unchecked<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }
}
