public import Dockerfile

/// What a build is asked for, as far as it decides which stages are built and what variables stand for.
public struct BuildRequest: Sendable {
    /// A stage's name or number; nil for the last.
    public var target: String?
    /// `--build-arg`.
    public var arguments: [[UInt8]: [UInt8]]
    /// `--build-context`, by name.
    public var contexts: [[UInt8]: NamedContext]
    /// Where the build runs.
    public var host: BuildPlatform
    /// What it is for.
    public var platform: BuildPlatform

    public init(
        target: String? = nil, arguments: [[UInt8]: [UInt8]] = [:], contexts: [[UInt8]: NamedContext] = [:],
        host: BuildPlatform, platform: BuildPlatform? = nil
    ) {
        self.target = target
        self.arguments = arguments
        self.contexts = contexts
        self.host = host
        self.platform = platform ?? host
    }

    private func argument(_ name: String) -> [UInt8]? { arguments[Array(name.utf8)] }

    /// `SOURCE_DATE_EPOCH`: seconds since 1970.
    ///
    /// - Throws: ``BuildError`` when it is no such number.
    public var sourceDateEpoch: Int64? {
        get throws(BuildError) {
            guard let text = argument("SOURCE_DATE_EPOCH"), !text.isEmpty else { return nil }
            guard let seconds = Int64(String(decoding: text, as: UTF8.self)), seconds >= 0 else {
                throw BuildError("read SOURCE_DATE_EPOCH", text, "seconds since 1970 are wanted")
            }
            return seconds
        }
    }

    /// `BUILDKIT_CONTEXT_KEEP_GIT_DIR`: a git context keeps its `.git`.
    public var keepsGitDirectory: Bool { isSet("BUILDKIT_CONTEXT_KEEP_GIT_DIR") }
    /// `BUILDKIT_INLINE_CACHE`: the image says what its layers' cache keys are.
    public var cachesInline: Bool { isSet("BUILDKIT_INLINE_CACHE") }
    /// `BUILDKIT_MULTI_PLATFORM`: the result is an index, even of one image.
    public var isAlwaysMultiPlatform: Bool { isSet("BUILDKIT_MULTI_PLATFORM") }
    /// `BUILDKIT_SANDBOX_HOSTNAME`: of the machine that a `RUN` sees.
    public var hostname: [UInt8]? { argument("BUILDKIT_SANDBOX_HOSTNAME") }
    /// `BUILDKIT_CACHE_MOUNT_NS`: the prefix of cache mounts' ids.
    public var cacheMountNamespace: [UInt8]? { argument("BUILDKIT_CACHE_MOUNT_NS") }
    /// `BUILDKIT_SYNTAX`: in place of `# syntax=`.
    public var syntax: [UInt8]? { argument("BUILDKIT_SYNTAX") }
    /// `BUILDKIT_DOCKERFILE_CHECK`: in place of `# check=`.
    public var check: [UInt8]? { argument("BUILDKIT_DOCKERFILE_CHECK") }

    private func isSet(_ name: String) -> Bool {
        guard let text = argument(name) else { return false }
        return ["1", "t", "T", "true", "True", "TRUE"].contains(String(decoding: text, as: UTF8.self))
    }

    /// Arguments that were given and that nothing in the file declares, sorted.
    public func unusedArguments(of dockerfile: Dockerfile) -> [[UInt8]] {
        var known: Set<[UInt8]> = []
        for instruction in dockerfile.globalArguments + dockerfile.stages.flatMap(\.instructions) {
            if case .arg(let arguments) = instruction.content { known.formUnion(arguments.map(\.name)) }
        }
        return arguments.keys.filter { !known.contains($0) && !Self.isPredefined($0) }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func isPredefined(_ name: [UInt8]) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        if text == "SOURCE_DATE_EPOCH" || text.hasPrefix("BUILDKIT_") { return true }
        let proxies = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]
        if proxies.contains(text.lowercased()) { return true }
        return ["BUILD", "TARGET"].contains { side in
            ["PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT", "STAGE"].contains { text == side + $0 }
        }
    }
}
