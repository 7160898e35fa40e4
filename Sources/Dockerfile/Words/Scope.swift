/// What variables stand for in a stage, instruction by instruction. A stage built on another one begins with a copy of
/// the scope that one ended with.
public struct Scope: Sendable {
    /// What an expansion and a `RUN` see: environment and arguments, the later one of a name.
    public private(set) var variables: [[UInt8]: [UInt8]]
    /// The arguments declared so far, in order, with their values; a name can stand more than once.
    public private(set) var arguments: [Argument] = []
    private var declared: Set<[UInt8]> = []
    private var room = 64 << 20
    private let global: GlobalScope
    private let lexer: WordLexer

    /// The scope of a stage on an image.
    ///
    /// - Parameter environment: of the image, `PATH` included.
    public init(_ global: GlobalScope, escape: UInt8, environment: [[UInt8]: [UInt8]]) {
        self.global = global
        variables = environment
        lexer = WordLexer(escape: escape)
    }

    /// The scope that a stage on this one's stage begins with: all of it, but what the image's environment says counts again
    /// over arguments of the same name, as in BuildKit.
    ///
    /// - Parameter environment: of the image that the stage below made.
    public func inherited(environment: [[UInt8]: [UInt8]]) -> Scope {
        var scope = self
        for (name, value) in environment { scope.variables[name] = value }
        return scope
    }

    /// Expands an instruction. `ENV` and `ARG` take effect for those after it.
    ///
    /// - Throws: when a word cannot be expanded, or what it stands for means nothing.
    public mutating func expand(_ instruction: Instruction) throws(DockerfileError) -> Expansion {
        // The variables move to the expander and back: a second reference would copy them all at each change.
        var expander = Expander(lexer: lexer, variables: variables)
        variables = [:]
        defer { variables = expander.variables }
        do {
            var expansion = Expansion(content: instruction.content)
            if case .arg(let arguments) = instruction.content {
                expansion.content = .arg(try declare(arguments, &expander))
            } else {
                try expansion.expand(&expander)
                if case .env(let pairs) = expansion.content {
                    for pair in pairs { try set(pair.key, to: pair.value, &expander) }
                }
            }
            expansion.undefined = expander.unmatched.filter { !declared.contains($0) }
            return expansion
        } catch {
            throw DockerfileError(error, at: instruction.location)
        }
    }

    /// All variables together may take 64 MiB beyond what the image brought.
    private mutating func set(_ name: [UInt8], to value: [UInt8], _ expander: inout Expander) throws(Complaint) {
        let old = expander.variables.updateValue(value, forKey: name)
        room -= value.count - (old?.count ?? 0)
        guard room >= 0 else { throw Complaint("the variables take too much room") }
    }

    private mutating func declare(_ written: [Argument], _ expander: inout Expander) throws(Complaint) -> [Argument] {
        var result: [Argument] = []
        for var argument in written {
            if let value = global.buildArguments[argument.name] {
                argument.value = value
            } else if let value = argument.value {
                argument.value = try expander.word(value)
            } else {
                argument.value = global.values[argument.name]
            }
            if let value = argument.value { try set(argument.name, to: value, &expander) }
            declared.insert(argument.name)
            result.append(argument)
        }
        arguments += result
        return result
    }
}

/// Expands words and remembers which variables were not there.
struct Expander {
    let lexer: WordLexer
    var variables: [[UInt8]: [UInt8]]
    private(set) var unmatched: [[UInt8]] = []
    private var missing: Set<[UInt8]> = []

    init(lexer: WordLexer, variables: [[UInt8]: [UInt8]]) {
        self.lexer = lexer
        self.variables = variables
    }

    private mutating func expand(
        _ text: [UInt8], _ lexer: WordLexer, collectsWords: Bool = false
    ) throws(Complaint) -> WordLexer.Result {
        let result = try lexer.expand(text, variables: variables, collectsWords: collectsWords)
        for name in result.unmatched where missing.insert(name).inserted { unmatched.append(name) }
        return result
    }

    mutating func word(_ text: [UInt8]) throws(Complaint) -> [UInt8] { try expand(text, lexer).text }

    mutating func words(_ text: [UInt8]) throws(Complaint) -> [[UInt8]] {
        try expand(text, lexer, collectsWords: true).words
    }

    /// The content of a here-document: quotes mean nothing, and the escape character is the backslash.
    mutating func content(_ text: [UInt8]) throws(Complaint) -> [UInt8] {
        var lexer = WordLexer(escape: .backslash)
        lexer.ignoresQuotes = true
        return try expand(text, lexer).text
    }
}
