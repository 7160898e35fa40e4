internal import Configuring
internal import Containers
public import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// Builds the stages that a target needs, those at once that do not need each other.
public struct Builder: Sendable {
    let session: BuildSession
    let dockerfile: Dockerfile
    /// With its ignore rules.
    let context: SourceTree

    public init(_ session: BuildSession, _ dockerfile: Dockerfile, context: SourceTree) {
        self.session = session
        self.dockerfile = dockerfile
        self.context = context
    }

    /// What a build is made of that is not built: found before anything runs.
    private struct Ground {
        var graph: BuildGraph
        /// The bases of stages, by number.
        var bases: [Int: Store.Image] = [:]
        /// Images that files are taken from, by name.
        var images: [[UInt8]: Store.Image] = [:]
        var contexts: [[UInt8]: SourceTree] = [:]
    }

    /// - Parameter resolved: called when all images are here, before anything is built; what it throws ends the build.
    /// - Returns: the target stage.
    /// - Throws: ``BuildError``, with the place of the instruction at fault.
    public func run(
        resolved: (BuildGraph, [Int: CheckContext.BaseImage]) throws(BuildError) -> Void = { _, _ in }
    ) throws(BuildError) -> StageState {
        let ground = try resolve()
        try resolved(ground.graph, ground.bases.mapValues { CheckContext.BaseImage($0.config) })
        try checkMachine(ground.graph)
        let roots = StageRoots(session)
        defer { roots.end() }
        let schedule = Schedule(ground.graph.nodes.map { ($0.index, $0.dependencies) })
        let result = try schedule.run { (index, stages) throws(BuildError) in
            guard let node = ground.graph.node(index) else { throw BuildError("stage \(index): there is none") }
            var stage = StageBuild(
                session, ground.graph, node, context: context, roots: roots, stages: stages, images: ground.images,
                contexts: ground.contexts, state: try begin(node, ground, stages))
            return try stage.run()
        } failed: {
            session.cancel()
        }
        guard let target = result[ground.graph.target] else { throw BuildError("build: the target was not built") }
        session.recordUse()
        return target
    }

    /// Nothing is built where a command could not be run later.
    private func checkMachine(_ graph: BuildGraph) throws(BuildError) {
        for node in graph.nodes {
            for instruction in node.instructions {
                guard case .run = instruction.content else { continue }
                guard let obstacle = RunObstacle.find() else { return }
                throw BuildError(
                    "\(displayed(instruction.source)): commands cannot be run here: \(obstacle)",
                    at: instruction.location)
            }
        }
    }

    /// Finds every image and context that is needed. A base may bring triggers, and these more stages.
    private func resolve() throws(BuildError) -> Ground {
        var ground = Ground(graph: try graph())
        var inspected: Set<Int> = []
        while let node = ground.graph.nodes.first(where: { !inspected.contains($0.index) }) {
            inspected.insert(node.index)
            for (name, origin) in node.sources.map({ ($0.key, $0.value) }) {
                try bring(origin, node, &ground, as: name)
            }
            let image = try base(of: node, &ground)
            if let image { ground.bases[node.index] = image }
            let triggers = triggers(of: node, image, ground.graph)
            if triggers.isEmpty { continue }
            do throws(DockerfileError) {
                ground.graph = try ground.graph.inserting(triggers: triggers, into: node.index)
            } catch {
                throw BuildError(error.headline, at: error.location)
            }
            if let again = ground.graph.node(node.index) {
                for (name, origin) in again.sources.map({ ($0.key, $0.value) }) {
                    try bring(origin, again, &ground, as: name)
                }
            }
        }
        return ground
    }

    /// What `ONBUILD` left for this stage: in the base image, or in the stage below.
    private func triggers(of node: BuildGraph.Node, _ image: Store.Image?, _ graph: BuildGraph) -> [[UInt8]] {
        if let image { return image.config.execution.onBuild.map { Array($0.utf8) } }
        guard case .stage(let index) = node.base, let below = graph.node(index) else { return [] }
        return below.instructions.compactMap { instruction in
            if case .onbuild(let trigger) = instruction.content { trigger.expression } else { nil }
        }
    }

    private func graph() throws(BuildError) -> BuildGraph {
        do throws(DockerfileError) { return try BuildGraph(dockerfile, session.options.request) } catch {
            throw BuildError(error.headline, at: error.location)
        }
    }

    private func base(of node: BuildGraph.Node, _ ground: inout Ground) throws(BuildError) -> Store.Image? {
        switch node.base {
        case .scratch, .stage: return nil
        case .image(let name): return try image(name, node, ground.graph)
        case .context(let name, let context):
            try bring(.context(name: name, context), node, &ground, as: name)
            return ground.images[name]
        }
    }

    private func image(
        _ name: [UInt8], _ node: BuildGraph.Node, _ graph: BuildGraph
    ) throws(BuildError) -> Store.Image {
        let platform: Platform
        do throws(DocumentError) { platform = try Platform(node.platform.description) } catch {
            throw BuildError("platform \(node.platform): \(error)", at: node.stage.location)
        }
        do throws(BuildError) {
            let image: Store.Image
            do throws(BuildError) {
                image = try session.sources.image(String(decoding: name, as: UTF8.self), platform)
            } catch {
                guard let nearest = graph.nearestName(to: name, at: node.stage.location) else { throw error }
                throw BuildError("\(error.message) (did you mean \(nearest)?)")
            }
            try BuildError.wrapping { () throws(StoreError) in _ = try session.store.unpacked(image, session.lease) }
            return image
        } catch {
            throw error.at(node.stage.location)
        }
    }

    /// Makes sure that what files are taken from is here.
    private func bring(
        _ origin: BuildGraph.Origin, _ node: BuildGraph.Node, _ ground: inout Ground, as name: [UInt8]
    ) throws(BuildError) {
        switch origin {
        case .scratch, .stage: return
        case .image(let name):
            if ground.images[name] == nil { ground.images[name] = try image(name, node, ground.graph) }
        case .context(let name, let context):
            if ground.images[name] != nil || ground.contexts[name] != nil { return }
            switch context {
            case .image(let reference):
                ground.images[name] = try image(Array(reference.description.utf8), node, ground.graph)
            case .directory(let path):
                let directory = try BuildContext.directory(path)
                ground.contexts[name] = directory.tree.ignoring(try DockerfileChoice.rules(of: directory))
            case .layout(let path, let tag, let digest):
                ground.images[name] = try session.load(layout: path, tag: tag, digest: digest)
            case .git(let reference):
                let scratch = try session.scratch()
                ground.contexts[name] = try awaiting(session.interruption) {
                    try await BuildContext.git(reference, into: scratch)
                }.tree
            case .address(let address):
                let (download, scratch) = (try session.scratch(), try session.scratch())
                let client = try session.sources.client()
                ground.contexts[name] = try awaiting(session.interruption) {
                    try await BuildContext.address(address, with: client, download: download, into: scratch)
                }.tree
            }
        }
    }

    /// What a stage begins with.
    private func begin(
        _ node: BuildGraph.Node, _ ground: Ground, _ stages: [Int: StageState]
    ) throws(BuildError) -> StageState {
        if case .stage(let index) = node.base, let below = stages[index] {
            var state = below
            // A command of the base gives way to an entrypoint of this stage.
            var config = below.editor.config
            config.execution.onBuild = []
            state.editor = ConfigEditor(config)
            state.scope = ground.graph.scope(base: below.scope, environment: config.execution.variables)
            return state
        }
        if let image = ground.bases[node.index] {
            var config = image.config
            config.execution.onBuild = []
            let layers = zip(image.config.diffIDs, image.manifest.layers).map {
                Store.CachedLayer(diffID: $0, blob: $1)
            }
            let chain = try BuildError.wrapping { () throws(DigestError) in try config.chainIDs().last }
            let key = if let chain { chain } else { try Self.scratchKey(node) }
            return StageState(
                editor: ConfigEditor(config), layers: layers, baseLayers: layers.count,
                key: key,
                scope: ground.graph.scope(environment: config.execution.variables), created: config.created)
        }
        if case .context(let name, _) = node.base, let tree = ground.contexts[name] {
            return try copied(tree, node, ground)
        }
        var config = ImageConfig(platform: try Self.platform(node))
        // As BuildKit's `emptyImage`.
        config.execution.environment = [ProgramSearch.path]
        config.execution.workingDirectory = "/"
        return StageState(
            editor: ConfigEditor(config), layers: [], baseLayers: 0, key: try Self.scratchKey(node),
            scope: ground.graph.scope(environment: config.execution.variables))
    }

    /// A stage whose place a directory takes: its content as a layer.
    private func copied(
        _ tree: SourceTree, _ node: BuildGraph.Node, _ ground: Ground
    ) throws(BuildError) -> StageState {
        let selection = try Selecting(
            from: tree, digests: session.digests, at: node.stage.location, interruption: session.interruption
        ).selectAll()
        let tree = try StepTree(session, lowers: [])
        let layer = try tree.made { (root, options) throws(BuildError) in
            try Copier(root, options).copy(selection, to: Destination(Array("/".utf8)))
        }
        var config = ImageConfig(platform: try Self.platform(node))
        config.diffIDs = [layer.diffID]
        return StageState(
            editor: ConfigEditor(config), layers: [layer], baseLayers: 1, key: layer.diffID,
            scope: ground.graph.scope())
    }

    private static func platform(_ node: BuildGraph.Node) throws(BuildError) -> Platform {
        do throws(DocumentError) { return try Platform(node.platform.description) } catch {
            throw BuildError("platform \(node.platform): \(error)", at: node.stage.location)
        }
    }

    private static func scratchKey(_ node: BuildGraph.Node) throws(BuildError) -> Digest {
        try BuildError.wrapping { () throws(DigestError) in
            try Digest(of: Array("scratch \(node.platform)".utf8))
        }
    }
}

extension CheckContext.BaseImage {
    fileprivate init(_ config: ImageConfig) {
        let platform = config.platform
        self.init(
            environment: config.execution.variables, hasShell: config.execution.shell?.isEmpty == false,
            platform: BuildPlatform(
                os: platform.os, architecture: platform.architecture, variant: platform.variant ?? ""))
    }
}
