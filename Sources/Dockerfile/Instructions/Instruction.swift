/// An instruction of a stage, read but not yet expanded: words are as they stand in the file.
public struct Instruction: Sendable {
    public let location: SourceLocation
    /// The first word as written, in its own case.
    public let keyword: String
    /// The whole instruction, continuation lines joined, without its here-documents.
    public let source: [UInt8]
    /// The comments right above it.
    public let comments: [[UInt8]]
    public let content: Content

    /// What an instruction says. The reference is https://docs.docker.com/reference/dockerfile/.
    public enum Content: Sendable, Equatable {
        case add(Copying)
        case arg([Argument])
        case cmd(Command)
        case copy(Copying)
        case entrypoint(Command)
        case env([KeyValue])
        /// The words; ``Expansion/ports`` says what they mean.
        case expose([[UInt8]])
        case healthcheck(HealthCheck)
        case label([KeyValue])
        case maintainer([UInt8])
        case onbuild(Trigger)
        case run(Running)
        /// The shell and its arguments, never empty.
        case shell([[UInt8]])
        case stopsignal([UInt8])
        case user([UInt8])
        case volume([[UInt8]])
        case workdir([UInt8])
    }
}

/// A key and its value in `ENV` or `LABEL`.
public struct KeyValue: Sendable, Equatable {
    public var key: [UInt8]
    public var value: [UInt8]
    /// Written `KEY VALUE`, the old form that holds one pair.
    public var isLegacy: Bool
}

/// A name in `ARG`, and its default if it has one.
public struct Argument: Sendable, Equatable {
    public var name: [UInt8]
    public var value: [UInt8]?
    /// What a comment `# NAME …` above the instruction says about it.
    public var description: [UInt8]?
}

/// A command line in the shell form or the exec form.
public struct Command: Sendable, Equatable {
    /// The shell form is one word, or none where nothing was written; the exec form any number.
    public var words: [[UInt8]]
    public var isShellForm: Bool
    public var heredocs: [Heredoc] = []
}

/// `ONBUILD`: an instruction for the images built on this one.
public struct Trigger: Sendable, Equatable {
    /// As it is stored in the image's configuration, here-documents included.
    public let expression: [UInt8]
}

/// The words an instruction can begin with.
enum Keyword: String, CaseIterable {
    case add, arg, cmd, copy, entrypoint, env, expose, from, healthcheck, label, maintainer, onbuild, run, shell
    case stopsignal, user, volume, workdir

    /// - Throws: when there is none, with the nearest that there is, in the case of the word.
    init(_ word: [UInt8]) throws(Complaint) {
        let lowercased = word.lowercased
        let text = String(decoding: lowercased, as: UTF8.self)
        guard let keyword = Keyword(rawValue: text) else {
            let near = nearest(to: lowercased, among: Keyword.allCases.map(\.rawValue))
            throw Complaint(
                "unknown instruction", word, suggestion: word == lowercased ? near : near?.uppercased())
        }
        self = keyword
    }

    /// As messages name it.
    var name: String { rawValue.uppercased() }
}
