internal import Configuring
internal import Containers
internal import Dockerfile
internal import Linux
internal import OCI

/// One stage, instruction by instruction.
struct StageBuild {
    let session: BuildSession
    let graph: BuildGraph
    let node: BuildGraph.Node
    /// The build context without what its rules leave out.
    let context: SourceTree
    let roots: StageRoots
    /// The stages that this one uses, built.
    let stages: [Int: StageState]
    /// Images that it takes files from, by name.
    let images: [[UInt8]: Store.Image]
    /// Trees of named contexts, by name.
    let contexts: [[UInt8]: SourceTree]
    var state: StageState
    private var number = 0

    init(
        _ session: BuildSession, _ graph: BuildGraph, _ node: BuildGraph.Node, context: SourceTree, roots: StageRoots,
        stages: [Int: StageState], images: [[UInt8]: Store.Image], contexts: [[UInt8]: SourceTree], state: StageState
    ) {
        self.session = session
        self.graph = graph
        self.node = node
        self.context = context
        self.roots = roots
        self.stages = stages
        self.images = images
        self.contexts = contexts
        self.state = state
    }

    /// - Throws: ``BuildError``, with the instruction's place.
    mutating func run() throws(BuildError) -> StageState {
        for instruction in node.instructions {
            try session.checkGoing()
            number += 1
            do throws(BuildError) { try perform(instruction) } catch { throw error.at(instruction.location) }
        }
        return state
    }

    private mutating func perform(_ instruction: Instruction) throws(BuildError) {
        let expansion: Expansion
        do throws(DockerfileError) { expansion = try state.scope.expand(instruction) } catch {
            throw BuildError(error.headline, at: error.location)
        }
        for name in expansion.undefined {
            session.observer(
                .warning(
                    "\(instruction.location.file):\(instruction.location.firstLine): variable "
                        + "\(displayed(name)) is not set"))
        }
        switch expansion.content {
        case .run(let running): try run(running, expansion, instruction)
        case .copy(let copying): try copy(copying, expansion, instruction, isAdd: false)
        case .add(let copying): try copy(copying, expansion, instruction, isAdd: true)
        case .workdir: try makeWorkingDirectory(expansion, instruction)
        default:
            try configure(expansion)
            if case .arg = expansion.content { return }
            record(History.text(of: expansion, instruction), isEmpty: true)
        }
    }

    mutating func configure(_ expansion: Expansion) throws(BuildError) {
        do throws(ConfigurationError) { try state.editor.apply(expansion) } catch {
            throw BuildError(error.description)
        }
    }

    mutating func record(_ text: String, isEmpty: Bool) {
        let created = session.options.timestamp.map { Instant(seconds: $0).description } ?? state.created
        state.editor.config.history.append(
            ImageConfig.History(
                created: created, createdBy: text, comment: "shale", emptyLayer: isEmpty))
    }

    /// A step that makes a layer: from the cache, or by `body`.
    mutating func step(
        _ instruction: Instruction, key: CacheKey, history: String,
        _ body: (StageState, Int) throws(BuildError) -> Store.CachedLayer
    ) throws(BuildError) {
        let step = session.nextStep()
        session.observer(.started(step: step, title: title(instruction)))
        let place = place(of: instruction)
        if let found = try cached(key, at: place) {
            session.observer(.cached(step: step))
            state.append(found, key: key.digest)
            return record(history, isEmpty: false)
        }
        if !ignoresCache { session.observer(.missed(step: step, reason: reason(key, at: place))) }
        let clock = ContinuousClock()
        let start = clock.now
        let layer: Store.CachedLayer
        do throws(BuildError) { layer = try body(state, step) } catch {
            let isOwn = !session.isCancelled
            session.observer(isOwn ? .failed(step: step, message: error.message) : .cancelled(step: step))
            throw error
        }
        try remember(layer, key, at: place)
        session.observer(.finished(step: step, seconds: (clock.now - start) / .seconds(1)))
        state.append(layer, key: key.digest)
        record(history, isEmpty: false)
    }

    var ignoresCache: Bool {
        session.options.ignoresCache || node.stage.name.map { session.options.stagesWithoutCache.contains($0) } ?? false
    }

    /// What a step is called whatever it depends on.
    func place(of instruction: Instruction) -> String {
        "\(node.stage.name ?? "\(node.index)") \(displayed(instruction.source))"
    }

    private func reason(_ key: CacheKey, at place: String) -> String {
        let own = (try? session.store.earlierKeys(at: place)) ?? []
        let earlier = own + session.imported.entries(at: place).map(\.parts).filter { !$0.isEmpty }
        let reasons = earlier.compactMap { CacheKey(stored: $0) }.map { MissReason(key, comparedTo: $0) }
        return (reasons.min { $0.distance < $1.distance } ?? MissReason(key, comparedTo: nil)).description
    }

    func title(_ instruction: Instruction) -> String {
        let name = node.stage.name.map { "\($0) " } ?? (graph.nodes.count > 1 ? "stage-\(node.index) " : "")
        return "[\(name)\(number)/\(node.instructions.count)] \(displayed(instruction.source))"
    }

    /// The time that nothing is younger than.
    var latest: Timestamp? { session.options.timestamp.map { Timestamp(seconds: $0, nanoseconds: 0) } }
}

extension DockerfileError {
    /// Without the place.
    var headline: String {
        var line = text.map { "\(message): \"\(displayed($0))\"" } ?? message
        if let suggestion { line += " (did you mean \(suggestion)?)" }
        return line
    }
}
