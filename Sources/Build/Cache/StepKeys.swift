public import Dockerfile
public import Linux
public import OCI

/// The keys of the instructions that make layers. The others change no file: what they set is part of the keys of those
/// it has an effect on, so that a new `LABEL` above a `RUN` costs nothing.
extension CacheKey {
    /// What a `RUN` sees besides its files.
    public struct RunConditions: Sendable {
        public var platform: BuildPlatform
        /// `SHELL`, for the shell form.
        public var shell: [[UInt8]]
        public var user: [UInt8]
        public var workingDirectory: [UInt8]
        /// Environment and arguments, by name; without ``GlobalScope/proxies``, which belong to no key.
        public var variables: [[UInt8]: [UInt8]]
        /// `--add-host` and the like: what else the build tells its commands.
        public var settings: [String: [UInt8]]

        public init(
            platform: BuildPlatform, shell: [[UInt8]], user: [UInt8], workingDirectory: [UInt8],
            variables: [[UInt8]: [UInt8]], settings: [String: [UInt8]] = [:]
        ) {
            self.platform = platform
            self.shell = shell
            self.user = user
            self.workingDirectory = workingDirectory
            self.variables = variables
            self.settings = settings
        }
    }

    /// A `RUN`.
    ///
    /// - Parameters:
    ///   - base: what it runs on: the key of the step before, or the chain id of the base image.
    ///   - mounts: with the content each is from, for bind mounts; a cache's content, secrets and agents are in no key.
    public static func run(
        _ running: Running, on base: Digest, mounts: [(mount: Mount, content: Digest?)], _ conditions: RunConditions
    ) throws(BuildError) -> CacheKey {
        var inputs = Inputs()
        inputs.add(base: base)
        switch running.invocation {
        case .program(let words): try inputs.add("program", list: words)
        case .shell(let command):
            try inputs.add("command", command)
            try inputs.add("shell", list: conditions.shell)
        case .script(let name, let content): try inputs.add("script", list: [name, content])
        }
        try inputs.add("platform", Array(conditions.platform.description.utf8))
        try inputs.add("user", conditions.user)
        try inputs.add("working directory", conditions.workingDirectory)
        try inputs.add("network", Array(running.network.rawValue.utf8))
        try inputs.add("security", Array(running.security.rawValue.utf8))
        for device in running.devices { try inputs.add("device", device.name) }
        for (mount, content) in mounts {
            let target = displayed(mount.target ?? mount.id ?? [])
            try inputs.add("mount \(target)", list: mount.described)
            if let content { inputs.add("files of mount \(target)", content) }
        }
        for name in conditions.variables.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            // As a digest: a build argument can hold what nobody should read in a cache.
            try inputs.add("variable \(displayed(name))", list: [name, conditions.variables[name] ?? []])
        }
        for name in conditions.settings.keys.sorted() { try inputs.add(name, conditions.settings[name] ?? []) }
        return try inputs.key()
    }

    /// A `COPY` or an `ADD`.
    ///
    /// - Parameters:
    ///   - base: nil for `--link`: its layer does not depend on what is below.
    ///   - owner: as the names are resolved; without it, what the files have.
    public static func copy(
        _ selection: Selection, to destination: Destination, on base: Digest?, owner: Owner?, chmod: [UInt8]?,
        latest: Timestamp? = nil
    ) throws(BuildError) -> CacheKey {
        var inputs = Inputs()
        if let base { inputs.add(base: base) } else { try inputs.add("link", []) }
        inputs.add("files", selection.digest)
        try inputs.add("destination", destination.path + (destination.isDirectory ? [.slash] : []))
        if let owner { try inputs.add("owner", Array("\(owner.uid):\(owner.gid)".utf8)) }
        if let chmod { try inputs.add("mode", chmod) }
        if let latest { try inputs.add("latest time", Array("\(latest.seconds).\(latest.nanoseconds)".utf8)) }
        return try inputs.key()
    }

    /// A `WORKDIR`, which makes its directory where it is missing.
    public static func workingDirectory(
        _ path: [UInt8], on base: Digest, owner: Owner, latest: Timestamp? = nil
    ) throws(BuildError) -> CacheKey {
        var inputs = Inputs()
        inputs.add(base: base)
        try inputs.add("working directory", path)
        try inputs.add("owner", Array("\(owner.uid):\(owner.gid)".utf8))
        if let latest { try inputs.add("latest time", Array("\(latest.seconds).\(latest.nanoseconds)".utf8)) }
        return try inputs.key()
    }
}

extension Mount {
    /// All that decides what a command sees there, but for contents.
    fileprivate var described: [[UInt8]] {
        func text(_ value: (some CustomStringConvertible)?) -> [UInt8] { Array((value.map { "=\($0)" } ?? "").utf8) }
        func bytes(_ value: [UInt8]?) -> [UInt8] { value.map { [UInt8(ascii: "=")] + $0 } ?? [] }
        return [
            Array(kind.rawValue.utf8), bytes(target), bytes(source), bytes(id), text(sharing?.rawValue),
            text(isReadOnly), text(size), text(isRequired), bytes(environment), text(mode), text(uid), text(gid),
        ]
    }
}
