/// An instruction with its variables expanded, and what its words mean.
public struct Expansion: Sendable {
    /// The instruction, words expanded where BuildKit expands them: not in `RUN`, `CMD`, `ENTRYPOINT`, `SHELL`,
    /// `HEALTHCHECK`, `MAINTAINER` and `ONBUILD`.
    public internal(set) var content: Instruction.Content
    /// Of `RUN`.
    public internal(set) var mounts: [Mount] = []
    /// Of `EXPOSE`.
    public internal(set) var ports: [ExposedPorts] = []
    /// Of `ADD` and `COPY` with `--chmod`.
    public internal(set) var mode: ModeChange?
    /// Variables that are used and neither set nor declared.
    public internal(set) var undefined: [[UInt8]] = []

    init(content: Instruction.Content) { self.content = content }

    mutating func expand(_ expander: inout Expander) throws(Complaint) {
        switch content {
        case .add(let copying): content = .add(try expanded(copying, &expander))
        case .copy(let copying): content = .copy(try expanded(copying, &expander))
        case .env(let pairs): content = .env(try expanded(pairs, &expander))
        case .label(let pairs): content = .label(try expanded(pairs, &expander))
        case .run(let running):
            for flag in running.mountFlags {
                mounts.append(try Mount(flag) { (value: [UInt8]) throws(Complaint) in try expander.word(value) })
            }
        case .expose(let words):
            var expanded: [[UInt8]] = []
            for word in words { expanded += try expander.words(word) }
            for word in expanded { ports.append(try ExposedPorts(word)) }
            content = .expose(expanded)
        case .stopsignal(let signal):
            let expanded = try expander.word(signal)
            try StopSignal.check(expanded)
            content = .stopsignal(expanded)
        case .user(let user): content = .user(try expander.word(user))
        case .workdir(let path): content = .workdir(try expander.word(path))
        case .volume(let paths):
            var expanded: [[UInt8]] = []
            for path in paths { expanded.append(try expander.word(path)) }
            guard !expanded.contains(where: \.isEmpty) else { throw Complaint("VOLUME can not be an empty string") }
            content = .volume(expanded)
        case .arg, .cmd, .entrypoint, .healthcheck, .maintainer, .onbuild, .shell: break
        }
    }

    private func expanded(_ pairs: [KeyValue], _ expander: inout Expander) throws(Complaint) -> [KeyValue] {
        var result = pairs
        for index in result.indices {
            result[index].key = try expander.word(result[index].key)
            result[index].value = try expander.word(result[index].value)
        }
        return result
    }

    private mutating func expanded(_ copying: Copying, _ expander: inout Expander) throws(Complaint) -> Copying {
        var result = copying
        for index in result.sources.indices { result.sources[index] = try expander.word(result.sources[index]) }
        result.destination = try expander.word(result.destination)
        if let owner = result.owner { result.owner = try expander.word(owner) }
        if let checksum = result.checksum { result.checksum = try expander.word(checksum) }
        if let chmod = result.chmod {
            let expanded = try expander.word(chmod)
            result.chmod = expanded
            mode = try ModeChange(expanded)
        }
        for index in result.files.indices where result.files[index].expands {
            result.files[index].content = try expander.content(result.files[index].content)
        }
        return result
    }
}
