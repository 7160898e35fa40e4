/// Puts tokens together (Go's text/template/parse, parse.go). `define`, `template` and `block` are not known.
struct Parser {
    private let bytes: [UInt8]
    private let pieces: [Lexer.Piece]
    private var position = 0
    /// The variables that can be seen, innermost last.
    private var variables = [""]
    private var rangeDepth = 0
    private var depth = 0
    /// Actions and parentheses in one another.
    private static let deepest = 100

    /// - Throws: ``TemplateError``, the first mistake.
    static func parse(_ text: String) throws(TemplateError) -> [Node] {
        let bytes = Array(text.utf8)
        var parser = Parser(bytes: bytes, pieces: try Lexer.pieces(of: bytes))
        let (nodes, end) = try parser.nodes()
        guard end == nil else { throw parser.failure("unexpected {{\(end ?? "")}}") }
        return nodes
    }

    private init(bytes: [UInt8], pieces: [Lexer.Piece]) {
        self.bytes = bytes
        self.pieces = pieces
    }

    private var piece: Lexer.Piece { pieces[min(position, pieces.count - 1)] }
    private var token: Lexer.Token { piece.token }

    private func failure(_ cause: String) -> TemplateError {
        TemplateError(parsing: cause, line: pieces[min(max(position - 1, 0), pieces.count - 1)].line)
    }

    private func unexpected(_ context: String) -> TemplateError {
        if token == .end { return failure("unclosed action") }
        return failure("unexpected \(quoted(decoded(bytes[piece.range]))) in \(context)")
    }

    private mutating func skipSpace() { while token == .space { position += 1 } }

    private mutating func deeper<Result>(_ body: (inout Parser) throws(TemplateError) -> Result) throws(TemplateError)
        -> Result
    {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw failure("nested deeper than \(Self.deepest)") }
        return try body(&self)
    }

    /// Nodes up to the end of the template, or to `else` or `end`, whose word is given too; what follows `else` is still
    /// to be read, and the end of the action.
    private mutating func nodes() throws(TemplateError) -> (nodes: [Node], end: String?) {
        var nodes: [Node] = []
        while true {
            switch token {
            case .end: return (nodes, nil)
            case .text(let text):
                position += 1
                nodes.append(.text(text))
            default:
                position += 1
                skipSpace()
                if case .word(let word) = token, word == "end" || word == "else" {
                    position += 1
                    skipSpace()
                    return (nodes, word)
                }
                nodes.append(try action())
            }
        }
    }

    private mutating func action() throws(TemplateError) -> Node {
        guard case .word(let word) = token else { return .action(try line("command")) }
        switch word {
        case "if", "with":
            position += 1
            let (branches, otherwise) = try branches(word)
            return word == "if" ? .condition(branches, otherwise: otherwise) : .with(branches, otherwise: otherwise)
        case "range":
            position += 1
            return try range()
        case "break", "continue":
            position += 1
            skipSpace()
            guard rangeDepth > 0 else { throw failure("{{\(word)}} outside {{range}}") }
            try close("{{\(word)}}")
            return word == "break" ? .leave : .next
        case "define", "template", "block": throw failure("{{\(word)}} is not supported")
        default: return .action(try line("command"))
        }
    }

    /// The end of an action.
    private mutating func close(_ context: String) throws(TemplateError) {
        guard token == .closeAction else { throw unexpected(context) }
        position += 1
    }

    /// A pipeline and the end of its action.
    private mutating func line(_ context: String) throws(TemplateError) -> Pipeline {
        let pipeline = try pipeline(context)
        try close(context)
        return pipeline
    }

    private mutating func branches(
        _ word: String
    ) throws(TemplateError) -> (branches: [(test: Pipeline, body: [Node])], otherwise: [Node]) {
        let seen = variables.count
        defer { variables.removeLast(variables.count - seen) }
        var branches: [(test: Pipeline, body: [Node])] = []
        while true {
            let test = try line(word)
            let inner = variables.count
            let (body, end) = try deeper { (parser) throws(TemplateError) in try parser.nodes() }
            variables.removeLast(variables.count - inner)
            branches.append((test, body))
            guard let end else { throw failure("unclosed {{\(word)}}") }
            if end == "end" {
                try close("{{end}}")
                return (branches, [])
            }
            if case .word(word) = token {
                position += 1
                continue
            }
            return (branches, try otherwise(word))
        }
    }

    private mutating func otherwise(_ word: String) throws(TemplateError) -> [Node] {
        try close("{{else}}")
        let inner = variables.count
        defer { variables.removeLast(variables.count - inner) }
        let (body, end) = try deeper { (parser) throws(TemplateError) in try parser.nodes() }
        guard let end else { throw failure("unclosed {{\(word)}}") }
        guard end == "end" else { throw failure("expected end; found {{else}}") }
        try close("{{end}}")
        return body
    }

    private mutating func range() throws(TemplateError) -> Node {
        let seen = variables.count
        defer { variables.removeLast(variables.count - seen) }
        let pipeline = try line("range")
        rangeDepth += 1
        let inner = variables.count
        let (body, end) = try deeper { (parser) throws(TemplateError) in try parser.nodes() }
        variables.removeLast(variables.count - inner)
        rangeDepth -= 1
        guard let end else { throw failure("unclosed {{range}}") }
        if end == "else" { return .range(pipeline, body: body, otherwise: try otherwise("range")) }
        try close("{{end}}")
        return .range(pipeline, body: body, otherwise: [])
    }

    /// Commands up to the end of the action or a closing parenthesis, which is left.
    private mutating func pipeline(_ context: String) throws(TemplateError) -> Pipeline {
        var pipeline = Pipeline()
        skipSpace()
        try readVariables(&pipeline, context)
        while true {
            skipSpace()
            if token == .closeAction || token == .close { break }
            guard startsOperand else { throw unexpected(context) }
            pipeline.commands.append(try command())
            guard token == .pipe else { break }
            position += 1
            skipSpace()
            guard token != .closeAction, token != .close else { throw failure("missing value for \(context)") }
        }
        guard !pipeline.commands.isEmpty else { throw failure("missing value for \(context)") }
        for command in pipeline.commands.dropFirst() {
            guard let first = command.first, first.fields.isEmpty else { continue }
            switch first.root {
            case .constant, .dot, .nil: throw failure("\(quoted(first.source)) is no command, in a pipeline")
            default: break
            }
        }
        // Seen from here on, not by the pipeline itself.
        if !pipeline.assigns { variables += pipeline.variables }
        return pipeline
    }

    private mutating func readVariables(_ pipeline: inout Pipeline, _ context: String) throws(TemplateError) {
        let start = position
        var names: [String] = []
        while case .variable(let name) = token {
            position += 1
            skipSpace()
            names.append(name)
            if token == .declare || token == .assign {
                pipeline.assigns = token == .assign
                position += 1
                if pipeline.assigns { for name in names { try check(variable: name) } }
                guard !names.contains("") || pipeline.assigns else { throw failure("$ cannot be declared") }
                pipeline.variables = names
                return
            }
            guard context == "range", names.count < 2, token == .comma else { break }
            position += 1
            skipSpace()
        }
        if names.count > 1 { throw failure("range can only initialize variables") }
        position = start
    }

    private func check(variable name: String) throws(TemplateError) {
        guard variables.contains(name) else { throw failure("undefined variable \(quoted("$" + name))") }
    }

    private var startsOperand: Bool {
        switch token {
        case .word, .field, .dot, .variable, .integer, .number, .string, .open: true
        default: false
        }
    }

    private mutating func command() throws(TemplateError) -> [Operand] {
        var operands: [Operand] = []
        while true {
            skipSpace()
            guard startsOperand else { break }
            operands.append(try operand())
            guard token == .space else { break }
        }
        guard token == .pipe || token == .closeAction || token == .close else { throw unexpected("operand") }
        return operands
    }

    private mutating func operand() throws(TemplateError) -> Operand {
        let start = piece.range.lowerBound
        var operand = Operand(root: .dot, source: "")
        var takesFields = true
        switch token {
        case .word("true"), .word("false"):
            operand.root = .constant(.bool(token == .word("true")))
            takesFields = false
        case .word("nil"):
            operand.root = .nil
            takesFields = false
        case .word(let name):
            guard Functions.names.contains(name) else { throw failure("function \(quoted(name)) not defined") }
            operand.root = .function(name)
        case .field(let name): operand.fields = [name]
        case .dot: takesFields = false
        case .variable(let name):
            try check(variable: name)
            operand.root = .variable(name)
        case .integer(let value):
            operand.root = .constant(.integer(value))
            takesFields = false
        case .number(let value):
            operand.root = .constant(.number(value))
            takesFields = false
        case .string(let value):
            operand.root = .constant(.string(value))
            takesFields = false
        default:
            position += 1
            let inner = try deeper { (parser) throws(TemplateError) in try parser.pipeline("parenthesized pipeline") }
            guard token == .close else { throw unexpected("parenthesized pipeline") }
            operand.root = .pipeline(inner)
        }
        position += 1
        while case .field(let name) = token {
            guard takesFields else { throw failure("unexpected . after term \(quoted(source(from: start)))") }
            operand.fields.append(name)
            position += 1
        }
        operand.source = source(from: start)
        return operand
    }

    private func source(from start: Int) -> String {
        let end = pieces[max(position - 1, 0)].range.upperBound
        return decoded(bytes[start..<max(start, end)])
    }
}
