/// What variables stand for before the first stage and in the lines of `FROM`: the predefined arguments, and the global
/// `ARG` instructions with their defaults or the values given for the build.
public struct GlobalScope: Sendable {
    /// Values by name.
    public private(set) var values: [[UInt8]: [UInt8]] = [:]
    /// The values given for the build (`--build-arg`).
    public let buildArguments: [[UInt8]: [UInt8]]
    /// Names of global arguments, those without value included.
    private(set) var declared: Set<[UInt8]> = []
    private let lexer: WordLexer

    /// - Parameters:
    ///   - buildArguments: take the place of defaults, and of predefined values.
    ///   - build: where the build runs.
    ///   - target: what it is for.
    ///   - targetStage: the name of the stage to build; nil for the last one.
    /// - Throws: when a default cannot be expanded.
    public init(
        _ dockerfile: Dockerfile, buildArguments: [[UInt8]: [UInt8]] = [:], build: BuildPlatform,
        target: BuildPlatform, targetStage: String? = nil
    ) throws(DockerfileError) {
        self.buildArguments = buildArguments
        lexer = WordLexer(escape: dockerfile.directives.escape)
        let stage = targetStage ?? dockerfile.stages.last?.name ?? "default"
        for (name, value) in Self.predefined(build: build, target: target, stage: stage) {
            values[name] = buildArguments[name] ?? value
        }
        for instruction in dockerfile.globalArguments {
            guard case .arg(let arguments) = instruction.content else { continue }
            do {
                for argument in arguments { try declare(argument) }
            } catch {
                throw DockerfileError(error, at: instruction.location)
            }
        }
    }

    /// Nothing is declared, nothing given.
    init() {
        buildArguments = [:]
        lexer = WordLexer(escape: .backslash)
    }

    private mutating func declare(_ argument: Argument) throws(Complaint) {
        declared.insert(argument.name)
        if let value = buildArguments[argument.name] {
            values[argument.name] = value
        } else if let value = argument.value {
            values[argument.name] = try expand(value).text
        }
    }

    private static func predefined(
        build: BuildPlatform, target: BuildPlatform, stage: String
    ) -> [(name: [UInt8], value: [UInt8])] {
        var result: [(name: [UInt8], value: [UInt8])] = []
        for (prefix, platform) in [("BUILD", build), ("TARGET", target)] {
            for (suffix, value) in [
                ("PLATFORM", platform.description), ("OS", platform.os), ("OSVERSION", platform.osVersion),
                ("ARCH", platform.architecture), ("VARIANT", platform.variant),
            ] {
                result.append((Array((prefix + suffix).utf8), Array(value.utf8)))
            }
        }
        return result + [(Array("TARGETSTAGE".utf8), Array(stage.utf8))]
    }

    /// The arguments that a `RUN` sees without any `ARG`: `HTTP_PROXY`, `HTTPS_PROXY`, `FTP_PROXY`, `NO_PROXY` and
    /// `ALL_PROXY` in either case, as given for the build. They belong neither to cache keys nor to the history.
    public var proxies: [[UInt8]: [UInt8]] {
        let names = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]
        return buildArguments.filter { names.contains(String(decoding: $0.key.lowercased, as: UTF8.self)) }
    }

    func expand(_ word: [UInt8]) throws(Complaint) -> WordLexer.Result {
        try lexer.expand(word, variables: values)
    }

    /// A stage's base, expanded.
    ///
    /// - Throws: when nothing is left of it.
    public func base(of stage: Stage) throws(DockerfileError) -> [UInt8] {
        do throws(Complaint) {
            let base = try expand(stage.base)
            guard !base.text.isEmpty else {
                throw Complaint(
                    "the base name should not be blank", stage.base, suggestion: suggestion(for: base.unmatched))
            }
            return base.text
        } catch {
            throw DockerfileError(error, at: stage.location)
        }
    }

    /// A stage's platform, expanded; nil when the stage has none of its own.
    ///
    /// - Throws: when it is no platform.
    public func platform(of stage: Stage, host: BuildPlatform) throws(DockerfileError) -> BuildPlatform? {
        guard let written = stage.platform else { return nil }
        do throws(Complaint) {
            let expanded = try expand(written)
            guard let platform = BuildPlatform(expanded.text, host: host) else {
                throw Complaint(
                    expanded.text.isEmpty ? "empty platform value from expression" : "invalid platform", written,
                    suggestion: suggestion(for: expanded.unmatched))
            }
            return platform
        } catch {
            throw DockerfileError(error, at: stage.location)
        }
    }

    /// A name that is known, for one of those that are not.
    func suggestion(for unmatched: [[UInt8]]) -> String? {
        let known = values.keys.map { String(decoding: $0, as: UTF8.self) }.sorted()
        return unmatched.lazy.compactMap { nearest(to: $0, among: known) }.first
    }
}
