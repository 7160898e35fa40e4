/// `RUN`.
public struct Running: Sendable, Equatable {
    public var command: Command
    /// The values of `--mount` as written; ``Expansion/mounts`` says what they mean.
    public var mountFlags: [[UInt8]]
    /// What the mounts are from: stages, images and named contexts, in the order of the flags; nil for the build
    /// context, or where nothing is needed.
    public var mountSources: [[UInt8]?]
    public var network: Network
    public var security: Security
    public var devices: [Device]

    public enum Network: String, Sendable, CaseIterable { case `default`, none, host }
    public enum Security: String, Sendable, CaseIterable { case sandbox, insecure }

    init(_ statement: Statement) throws(Complaint) {
        let flags = try Flags(
            statement.flags, allowed: ["mount": .list, "network": .text, "security": .text, "device": .list])
        mountFlags = flags.list("mount")
        mountSources = []
        for flag in mountFlags { mountSources.append(try Mount.from(in: flag)) }
        network = try flags.word("network") ?? .default
        security = try flags.word("security") ?? .sandbox
        devices = []
        for flag in flags.list("device") { devices.append(try Device(flag)) }
        command = try Command(statement.rest, heredocs: statement.heredocs)
    }

    /// What is to be run.
    public enum Invocation: Sendable, Equatable {
        /// A program and its arguments, without a shell.
        case program([[UInt8]])
        /// A command for the shell.
        case shell([UInt8])
        /// A here-document that begins with `#!`: a file of that name and content, executed.
        case script(name: [UInt8], content: [UInt8])
    }

    /// The command with its here-documents: one alone is the script itself, others are given to the shell as they
    /// were written.
    public var invocation: Invocation {
        guard command.isShellForm else { return .program(command.words) }
        let text = command.words.first ?? []
        guard let first = command.heredocs.first else { return .shell(text) }
        if (try? Heredoc(word: text)) != nil {
            let content = first.text
            return content.starts(with: [.hash, .exclamationMark])
                ? .script(name: first.name, content: content) : .shell(content)
        }
        var whole = text
        for heredoc in command.heredocs { whole += [.lineFeed] + heredoc.content + heredoc.name }
        return .shell(whole)
    }
}

/// `RUN --device`: a device of the Container Device Interface.
public struct Device: Sendable, Equatable {
    public var name: [UInt8]
    public var isRequired = false

    init(_ flag: [UInt8]) throws(Complaint) {
        name = []
        for field in try CommaSeparated.fields(of: flag) {
            let (keyBytes, value) = field.cut(at: .equalsSign).map { ($0.before, Optional($0.after)) } ?? (field, nil)
            switch (String(decoding: keyBytes.lowercased, as: UTF8.self), value) {
            case ("required", nil): isRequired = true
            case ("required", let value?):
                guard let truth = value.truth else { throw Complaint("invalid value for required", value) }
                isRequired = truth
            case ("name", let value?):
                guard name.isEmpty else { throw Complaint("the device name is set twice", field) }
                name = value
            default:
                guard name.isEmpty else {
                    throw Complaint("unexpected key in --device", keyBytes, knownWords: ["name", "required"])
                }
                name = field
            }
        }
    }
}
