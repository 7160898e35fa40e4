/// Understands the arguments of a statement.
struct InstructionParser {
    let escape: UInt8

    /// - Parameter keyword: what the statement begins with; not `FROM`, which begins a stage.
    func instruction(of statement: Statement, _ keyword: Keyword) throws(Complaint) -> Instruction {
        Instruction(
            location: statement.location, keyword: String(decoding: statement.keyword, as: UTF8.self),
            source: statement.text.trimmed, comments: statement.comments,
            content: try content(of: statement, keyword))
    }

    private func content(of statement: Statement, _ keyword: Keyword) throws(Complaint) -> Instruction.Content {
        switch keyword {
        case .add: return .add(try Copying(add: statement))
        case .copy: return .copy(try Copying(copy: statement))
        case .run: return .run(try Running(statement))
        case .healthcheck: return .healthcheck(try HealthCheck(statement))
        case .onbuild: return .onbuild(try trigger(of: statement))
        case .from: throw Complaint("FROM begins a stage, it cannot stand here")
        default: break
        }
        _ = try Flags(statement.flags)
        switch keyword {
        case .arg: return .arg(try arguments(of: statement))
        case .cmd: return .cmd(try Command(statement.rest))
        case .entrypoint: return .entrypoint(try Command(statement.rest))
        case .env: return .env(try pairs(of: statement, keyword))
        case .label: return .label(try pairs(of: statement, keyword))
        case .expose: return .expose(try words(of: statement, keyword).sorted { $0.lexicographicallyPrecedes($1) })
        case .maintainer: return .maintainer(try argument(of: statement, keyword))
        case .shell: return .shell(try shell(of: statement))
        case .stopsignal: return .stopsignal(try argument(of: statement, keyword))
        case .user: return .user(try argument(of: statement, keyword))
        case .volume: return .volume(try volumes(of: statement))
        default: return .workdir(try argument(of: statement, keyword))
        }
    }

    /// All that follows, as one argument.
    private func argument(of statement: Statement, _ keyword: Keyword) throws(Complaint) -> [UInt8] {
        guard !statement.rest.isEmpty else { throw Complaint("\(keyword.name) requires exactly one argument") }
        return statement.rest
    }

    private func words(of statement: Statement, _ keyword: Keyword) throws(Complaint) -> [[UInt8]] {
        let words = Statement.words(of: statement.rest)
        guard !words.isEmpty else { throw Complaint("\(keyword.name) requires at least one argument") }
        return words
    }

    /// `KEY=VALUE …`, or `KEY VALUE` when the first word has no equals sign.
    private func pairs(of statement: Statement, _ keyword: Keyword) throws(Complaint) -> [KeyValue] {
        let words = AssignmentWords(escape: escape).words(of: statement.rest)
        guard let first = words.first else { throw Complaint("\(keyword.name) requires at least one argument") }
        guard first.contains(.equalsSign) else {
            let key = statement.rest.prefix { !Statement.endsKeyword($0) }
            let value = statement.rest[key.count...].drop(while: Statement.endsKeyword)
            guard key.count < statement.rest.count else {
                throw Complaint("\(keyword.name) must have two arguments", statement.rest)
            }
            return [KeyValue(key: Array(key), value: Array(value), isLegacy: true)]
        }
        var pairs: [KeyValue] = []
        for word in words {
            guard let (key, value) = word.cut(at: .equalsSign) else {
                throw Complaint("can't find = in a word of \(keyword.name), must be of the form name=value", word)
            }
            guard !key.isEmpty else { throw Complaint("\(keyword.name) names can not be blank", word) }
            pairs.append(KeyValue(key: key, value: value, isLegacy: false))
        }
        return pairs
    }

    private func arguments(of statement: Statement) throws(Complaint) -> [Argument] {
        var arguments: [Argument] = []
        for word in AssignmentWords(escape: escape).words(of: statement.rest) {
            let (name, value) = word.cut(at: .equalsSign).map { ($0.before, Optional($0.after)) } ?? (word, nil)
            guard !name.isEmpty else { throw Complaint("ARG names can not be blank", word) }
            arguments.append(
                Argument(name: name, value: value, description: statement.comments.description(of: name)))
        }
        guard !arguments.isEmpty else { throw Complaint("ARG requires at least one argument") }
        return arguments
    }

    private func shell(of statement: Statement) throws(Complaint) -> [[UInt8]] {
        let command = try Command(statement.rest)
        guard !command.words.isEmpty else { throw Complaint("SHELL requires at least one argument") }
        guard !command.isShellForm else {
            throw Complaint("SHELL requires the arguments to be in JSON form", statement.rest)
        }
        return command.words
    }

    private func volumes(of statement: Statement) throws(Complaint) -> [[UInt8]] {
        let volumes = try statement.listedWords.map(\.trimmed)
        guard !volumes.isEmpty else { throw Complaint("VOLUME requires at least one argument") }
        guard !volumes.contains(where: \.isEmpty) else { throw Complaint("VOLUME can not be an empty string") }
        return volumes
    }

    /// The trigger is read too, so that a mistake shows now and not when somebody builds on the image.
    private func trigger(of statement: Statement) throws(Complaint) -> Trigger {
        _ = try Flags(statement.flags)
        guard !statement.rest.isEmpty else { throw Complaint("ONBUILD requires at least one argument") }
        var trigger = Statement(statement.rest, comments: [], escape: escape, at: statement.location)
        trigger.heredocs = statement.heredocs
        let keyword = try Keyword(trigger.keyword)
        switch keyword {
        case .onbuild: throw Complaint("chaining ONBUILD via ONBUILD ONBUILD isn't allowed")
        case .maintainer, .from: throw Complaint("\(keyword.name) isn't allowed as an ONBUILD trigger")
        default: _ = try content(of: trigger, keyword)
        }
        var expression = statement.rest
        for heredoc in statement.heredocs { expression += [.lineFeed] + heredoc.content + heredoc.name }
        return Trigger(expression: expression)
    }
}

extension Statement {
    /// The words of a JSON array, or else those that white space separates.
    var listedWords: [[UInt8]] {
        get throws(Complaint) {
            switch StringArray(rest) {
            case .strings(let words): return words
            case .otherElements: throw Complaint("a JSON array must be of strings only", rest)
            case .notAnArray: return Statement.words(of: rest)
            }
        }
    }
}

extension Command {
    /// The exec form when the text is a JSON array, or else the shell form.
    init(_ text: [UInt8], heredocs: [Heredoc] = []) throws(Complaint) {
        switch StringArray(text) {
        case .strings(let words): self.init(words: words, isShellForm: false, heredocs: heredocs)
        case .otherElements: throw Complaint("a JSON array must be of strings only", text)
        case .notAnArray: self.init(words: text.isEmpty ? [] : [text], isShellForm: true, heredocs: heredocs)
        }
    }
}

extension [[UInt8]] {
    /// What the first comment that begins with a name and a space says after them.
    func description(of name: [UInt8]) -> [UInt8]? {
        let prefix = name + [.space]
        guard !name.isEmpty, let comment = first(where: { $0.prefix(prefix.count) == prefix[...] }) else { return nil }
        return [UInt8](comment[prefix.count...])
    }
}
