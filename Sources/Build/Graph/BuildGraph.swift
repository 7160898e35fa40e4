public import Dockerfile
import OCI

/// The stages that a target needs, in an order in which each comes after those it uses. Stages that do not depend on each
/// other, by ``Node/dependencies``, can be built at once.
public struct BuildGraph: Sendable {
    public let dockerfile: Dockerfile
    public let request: BuildRequest
    /// What variables stand for outside stages.
    public let global: GlobalScope
    /// What is needed, in the order of the file; the target is the last.
    public private(set) var nodes: [Node]

    /// The number of the target stage in the file.
    public let target: Int
    /// Triggers that stages have got from their bases, by stage.
    private var triggers: [Int: [Instruction]] = [:]
    private var contexts: [String: (name: [UInt8], context: NamedContext)] = [:]

    /// What a stage is built on, or files are taken from.
    public enum Origin: Equatable, Sendable {
        case scratch
        /// By its number in the file.
        case stage(Int)
        /// An image's name, as written, variables expanded.
        case image([UInt8])
        case context(name: [UInt8], NamedContext)
    }

    /// A stage.
    public struct Node: Sendable {
        /// Its number in the file.
        public let index: Int
        public let stage: Stage
        public let base: Origin
        /// `FROM --platform`, or the target's.
        public let platform: BuildPlatform
        /// The triggers of its base, then its own; nothing when a named context stands for the stage.
        public let instructions: [Instruction]
        /// What `--from` and a mount's `from` mean, by the text.
        public let sources: [[UInt8]: Origin]
        /// The numbers of the stages that must be built first, in order.
        public let dependencies: [Int]
    }

    /// - Throws: ``DockerfileError`` for what cannot be built, whichever stage it is needed by.
    public init(_ dockerfile: Dockerfile, _ request: BuildRequest) throws(DockerfileError) {
        self.dockerfile = dockerfile
        self.request = request
        try Self.checkSyntax(request.syntax ?? dockerfile.directives.syntax, of: dockerfile)
        target = try dockerfile.target(request.target)
        global = try GlobalScope(
            dockerfile, buildArguments: request.arguments, build: request.host, target: request.platform,
            targetStage: request.target)
        nodes = []
        for (name, context) in request.contexts { contexts[NamedContext.key(name)] = (name, context) }
        try resolve()
    }

    /// Other frontends are programs that read other languages: what this one means is Docker's own, of whatever version and from
    /// whatever mirror.
    private static func checkSyntax(_ syntax: [UInt8]?, of dockerfile: Dockerfile) throws(DockerfileError) {
        guard let syntax, !syntax.isEmpty else { return }
        let path = (try? Reference(String(decoding: syntax, as: UTF8.self)))?.repository ?? ""
        let known = ["docker/dockerfile", "docker/dockerfile-upstream"]
        guard !known.contains(where: { path == $0 || path.hasSuffix("/\($0)") }) else { return }
        throw DockerfileError(
            "frontends other than docker/dockerfile are not run", text: syntax,
            at: SourceLocation(file: dockerfile.name, firstLine: 1, lastLine: 1))
    }

    public func node(_ index: Int) -> Node? { nodes.first { $0.index == index } }

    /// What an image's name that nobody knows was probably meant to be: a stage or a named context. For the message when
    /// it cannot be pulled.
    public func nearestName(to image: [UInt8], at location: SourceLocation) -> String? {
        DockerfileError("", text: image, at: location, knownWords: knownNames).suggestion
    }

    private var knownNames: [String] {
        dockerfile.stages.compactMap(\.name) + contexts.values.map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// The graph with the `ONBUILD` triggers of a stage's base before the stage's own instructions; more stages may be
    /// needed then. To be called when the base is known, and once for a stage.
    ///
    /// - Parameter expressions: as in the configuration of the base.
    /// - Throws: ``DockerfileError`` for a trigger that is malformed, or takes files from what is not there.
    public func inserting(triggers expressions: [[UInt8]], into stage: Int) throws(DockerfileError) -> BuildGraph {
        guard dockerfile.stages.indices.contains(stage), !expressions.isEmpty else { return self }
        var graph = self
        var instructions: [Instruction] = []
        for expression in expressions {
            instructions.append(try Dockerfile.trigger(expression, at: dockerfile.stages[stage].location))
        }
        graph.triggers[stage] = instructions
        try graph.resolve()
        return graph
    }

    /// The scope that a stage begins with.
    ///
    /// - Parameters:
    ///   - base: what the stage below ended with, for a stage on a stage.
    ///   - environment: of the base image, or of the stage below.
    public func scope(base: Scope? = nil, environment: [[UInt8]: [UInt8]] = [:]) -> Scope {
        base?.inherited(environment: environment)
            ?? Scope(global, escape: dockerfile.directives.escape, environment: environment)
    }

    /// A stage only uses earlier ones, so that one look from the target to the front finds all that is needed.
    private mutating func resolve() throws(DockerfileError) {
        var needed: Set<Int> = [target]
        var found: [Node] = []
        for index in stride(from: target, through: 0, by: -1) where needed.contains(index) {
            let node = try node(of: index)
            needed.formUnion(node.dependencies)
            found.append(node)
        }
        nodes = found.reversed()
    }

    private func node(of index: Int) throws(DockerfileError) -> Node {
        let stage = dockerfile.stages[index]
        let platform = try global.platform(of: stage, host: request.host) ?? request.platform
        if let name = stage.name, let found = contexts[NamedContext.key(Array(name.utf8))] {
            // The whole stage is somewhere else.
            return Node(
                index: index, stage: stage, base: .context(name: found.name, found.context), platform: platform,
                instructions: [], sources: [:], dependencies: [])
        }
        let expanded = try global.base(of: stage)
        let base = try external(dockerfile.base(expanded, of: index), at: stage.location)
        let instructions = (triggers[index] ?? []) + stage.instructions
        var sources: [[UInt8]: Origin] = [:]
        for instruction in instructions {
            for name in instruction.origins where sources[name] == nil {
                let source = try dockerfile.source(name, in: index, at: instruction.location)
                sources[name] = try external(source, at: instruction.location)
            }
        }
        var dependencies: Set<Int> = []
        for origin in [base] + sources.values { if case .stage(let number) = origin { dependencies.insert(number) } }
        return Node(
            index: index, stage: stage, base: base, platform: platform, instructions: instructions, sources: sources,
            dependencies: dependencies.sorted())
    }

    private func external(
        _ source: Dockerfile.Source, at location: SourceLocation
    ) throws(DockerfileError) -> Origin {
        switch source {
        case .stage(let index): return .stage(index)
        case .external(let name):
            if name.elementsEqual("scratch".utf8) { return .scratch }
            if let found = contexts[NamedContext.key(name)] { return .context(name: found.name, found.context) }
            return .image(try image(name, at: location))
        }
    }

    private func image(_ name: [UInt8], at location: SourceLocation) throws(DockerfileError) -> [UInt8] {
        guard (try? Reference(String(decoding: name, as: UTF8.self))) == nil else { return name }
        throw DockerfileError(
            "neither a stage, a named context nor the name of an image", text: name, at: location,
            knownWords: knownNames)
    }
}

extension Instruction {
    /// The stages, images and named contexts that it takes files from.
    fileprivate var origins: [[UInt8]] {
        switch content {
        case .copy(let copying), .add(let copying): copying.from.map { [$0] } ?? []
        case .run(let running): running.mountSources.compactMap(\.self)
        default: []
        }
    }
}
