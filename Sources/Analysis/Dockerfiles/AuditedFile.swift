internal import Dockerfile

/// A Dockerfile with what its rules ask for.
struct AuditedFile {
    let dockerfile: Dockerfile
    let stages: [AuditedStage]
    /// The numbers of the stages of a name, from the first.
    private let numbers: [String: [Int]]
    /// What stages are built on, in lower case as names of stages are.
    private let bases: Set<String>

    init(_ dockerfile: Dockerfile) {
        self.dockerfile = dockerfile
        stages = dockerfile.stages.enumerated().map { AuditedStage($0.element, number: $0.offset) }
        var numbers: [String: [Int]] = [:]
        for stage in stages { if let name = stage.stage.name { numbers[name, default: []].append(stage.number) } }
        self.numbers = numbers
        bases = Set(stages.map { $0.base.lowercased() })
    }

    /// The stage that a name means in the line of another stage: the last one before it.
    func stage(named name: String, before number: Int) -> AuditedStage? {
        guard let candidates = numbers[name.lowercased()] else { return nil }
        var low = 0
        var high = candidates.count
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : stages[candidates[low - 1]]
    }

    /// The stage that another one is built on, where that is no image.
    func parent(of stage: AuditedStage) -> AuditedStage? {
        stage.tag == nil && stage.digest == nil ? self.stage(named: stage.base, before: stage.number) : nil
    }

    /// Whether what a stage leaves goes into an image: it is the last one, or others are built on it.
    func keeps(_ stage: AuditedStage) -> Bool {
        stage.number == stages.count - 1 || stage.stage.name.map { bases.contains($0) } ?? false
    }
}

/// A stage with its base taken apart.
struct AuditedStage {
    let stage: Stage
    let number: Int
    /// As written, without tag and digest.
    let base: String
    let tag: String?
    let digest: String?
    let steps: [Step]

    init(_ stage: Stage, number: Int) {
        self.stage = stage
        self.number = number
        var rest = String(decoding: stage.base, as: UTF8.self)[...]
        if let at = rest.lastIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        } else {
            digest = nil
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/"), !rest[colon...].contains("}") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        } else {
            tag = nil
        }
        base = String(rest)
        steps = stage.instructions.map { Step($0) }
    }

    /// The base without registry, tag and digest.
    var imageName: Substring { registry.map { base.dropFirst($0.count + 1) } ?? base[...] }

    /// The registry that the base's name says; nil for Docker Hub.
    var registry: String? {
        guard let slash = base.firstIndex(of: "/") else { return nil }
        let first = base[..<slash]
        return first.contains(".") || first.contains(":") || first == "localhost" ? String(first) : nil
    }
}

/// An instruction with what the rules ask of it. Of `ONBUILD` it is the trigger.
struct Step {
    let content: Instruction.Content
    let location: SourceLocation
    let comments: [[UInt8]]
    let isTrigger: Bool
    /// What `RUN` runs.
    let script: ShellScript?
    /// The values of `RUN --mount`, and whether any other flag is set.
    let mounts: [String]

    init(_ instruction: Instruction) {
        var content = instruction.content
        var isTrigger = false
        if case .onbuild(let trigger) = content,
            let inner = try? Dockerfile.trigger(trigger.expression, at: instruction.location)
        {
            content = inner.content
            isTrigger = true
        }
        self.content = content
        self.isTrigger = isTrigger
        location = instruction.location
        comments = instruction.comments
        guard case .run(let running) = content else {
            script = nil
            mounts = []
            return
        }
        switch running.invocation {
        case .program(let words): script = ShellScript(Array(words.joined(separator: [0x20])))
        case .shell(let text): script = ShellScript(text)
        case .script(_, let content): script = ShellScript(content)
        }
        mounts =
            running.mountFlags.map { String(decoding: $0, as: UTF8.self) }.sorted()
            + [running.network.rawValue, running.security.rawValue]
    }

    /// Where caches are mounted.
    private var cacheTargets: [Substring] {
        mounts.compactMap { mount in
            let fields = mount.split(separator: ",")
            guard fields.contains("type=cache") else { return nil }
            return fields.lazy.compactMap { field in
                ["target=", "dst=", "destination="].first { field.hasPrefix($0) }.map { field.dropFirst($0.count) }
            }.first
        }
    }

    /// Whether a cache is mounted over a directory, or over one in it.
    func caches(_ directory: String) -> Bool { cacheTargets.contains { $0.hasPrefix(directory) } }

    func mounts(cache directory: String) -> Bool { cacheTargets.contains { $0 == directory || $0 == directory + "/" } }
}

extension [UInt8] {
    /// As text, without the quotes around it.
    var unquotedText: String {
        let isQuote: (Character) -> Bool = { $0 == "\"" || $0 == "'" }
        var text = String(decoding: self, as: UTF8.self)[...]
        while let first = text.first, isQuote(first) { text.removeFirst() }
        while let last = text.last, isQuote(last) { text.removeLast() }
        return String(text)
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}
