public import Dockerfile
public import OCI

/// An image's configuration while instructions change it: those of a stage, one after another, or the changes that
/// `commit` and `import` are given.
///
/// What an instruction does to a configuration is in https://docs.docker.com/reference/dockerfile/.
public struct ConfigEditor: Sendable {
    public var config: ImageConfig
    /// An `ENTRYPOINT` drops the command of the base image, but not one that was set here.
    private var hasOwnCommand = false

    public init(_ config: ImageConfig) { self.config = config }

    /// Applies an instruction whose variables are expanded. `ADD`, `ARG`, `COPY` and `RUN` change no configuration.
    ///
    /// - Throws: ``ConfigurationError`` for text that is no UTF-8; then nothing is changed.
    public mutating func apply(_ expansion: Expansion) throws(ConfigurationError) {
        var execution = config.execution
        switch expansion.content {
        case .add, .arg, .copy, .run: return
        case .cmd(let command):
            execution.command = try words(of: command, "CMD")
            hasOwnCommand = true
        case .entrypoint(let command):
            let words = try words(of: command, "ENTRYPOINT")
            execution.entrypoint = words.isEmpty ? nil : words
            if !hasOwnCommand { execution.command = nil }
        case .env(let pairs):
            for pair in pairs {
                execution.setEnvironment(try text(pair.key, "ENV"), try text(pair.value, "ENV"))
            }
        case .expose:
            var ports = Set(execution.exposedPorts)
            for port in expansion.ports { ports.formUnion(port.ports.map { "\($0)/\(port.transport)" }) }
            execution.exposedPorts = ports.sorted()
        case .healthcheck(let check): execution.healthcheck = try healthcheck(check)
        case .label(let pairs):
            for pair in pairs { execution.labels[try text(pair.key, "LABEL")] = try text(pair.value, "LABEL") }
        case .maintainer(let name): config.author = try text(name, "MAINTAINER")
        case .onbuild(let trigger): execution.onBuild.append(try text(trigger.expression, "ONBUILD"))
        case .shell(let words): execution.shell = try texts(words, "SHELL")
        case .stopsignal(let signal): execution.stopSignal = try text(signal, "STOPSIGNAL")
        case .user(let user): execution.user = try text(user, "USER")
        case .volume(let paths):
            execution.volumes = Set(execution.volumes).union(try texts(paths, "VOLUME")).sorted()
        case .workdir(let path):
            let current = execution.workingDirectory.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
            execution.workingDirectory = Self.resolve(try text(path, "WORKDIR"), in: current)
        }
        config.execution = execution
    }

    /// The shell that commands in the shell form are given to.
    public var shell: [String] {
        guard let shell = config.execution.shell, !shell.isEmpty else { return ["/bin/sh", "-c"] }
        return shell
    }

    private func words(of command: Command, _ keyword: String) throws(ConfigurationError) -> [String] {
        let words = try texts(command.words, keyword)
        return command.isShellForm ? shell + [words.joined(separator: " ")] : words
    }

    private func healthcheck(_ check: HealthCheck) throws(ConfigurationError) -> Execution.Healthcheck {
        func given(_ value: Int) -> Int64? { value == 0 ? nil : Int64(value) }
        return Execution.Healthcheck(
            test: try texts(check.test, "HEALTHCHECK"), interval: given(check.interval), timeout: given(check.timeout),
            startPeriod: given(check.startPeriod), startInterval: given(check.startInterval),
            retries: given(check.retries))
    }

    /// The directory of a path in another, without `.`, `..` and double slashes.
    private static func resolve(_ path: String, in directory: String) -> String {
        let whole = path.utf8.first == UInt8(ascii: "/") ? path : "\(directory)/\(path)"
        var components: [Substring] = []
        for component in whole.split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        return "/" + components.joined(separator: "/")
    }

    private func text(_ bytes: [UInt8], _ keyword: String) throws(ConfigurationError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(keyword, notText: bytes)
        }
        return text
    }

    private func texts(_ list: [[UInt8]], _ keyword: String) throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for bytes in list { texts.append(try text(bytes, keyword)) }
        return texts
    }
}
