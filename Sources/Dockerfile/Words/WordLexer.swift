/// Reads a word as BuildKit's shell lexer does: quotes, escapes and variables.
///
/// Single quotes keep everything; double quotes keep all but variables and the escapes of `"`, `$` and the escape
/// character; elsewhere the escape character takes any next one literally. Values of variables are not read again,
/// but split into words where words are asked for.
struct WordLexer {
    /// The escape character: a backslash or a backtick.
    let escape: UInt8
    /// Leaves quotes where they are (they still quote).
    var keepsQuotes = false
    /// Leaves escape characters where they are (they still escape).
    var keepsEscapes = false
    /// Quotes are ordinary characters: in the content of here-documents.
    var ignoresQuotes = false
    /// Leaves references to variables that are not set where they are.
    var keepsUnsetVariables = false

    /// How many bytes variables may add to a word. Values made of values can double with each line of a file; no
    /// program could be given as much (execve(2) takes 128 KiB a string).
    static let growth = 1 << 20

    init(escape: UInt8) { self.escape = escape }

    /// A word with its variables expanded, and which they were.
    struct Result {
        var text: [UInt8]
        /// What white space outside quotes separates, after expansion; empty unless asked for.
        var words: [[UInt8]] = []
        var matched: Set<[UInt8]> = []
        /// Names of variables that are not set, in the order they are first used.
        var unmatched: [[UInt8]] = []
    }

    func expand(
        _ word: [UInt8], variables: [[UInt8]: [UInt8]] = [:], collectsWords: Bool = false
    ) throws(Complaint) -> Result {
        if !collectsWords, !word.contains(where: { isSpecial($0) }) { return Result(text: word) }
        var run = LexerRun(lexer: self, input: word, variables: variables)
        do {
            let text = try run.text(until: nil, keepsEscapes: keepsEscapes, collectsWords: collectsWords)
            return Result(
                text: text, words: run.words.finished(), matched: run.matched, unmatched: run.unmatched)
        } catch {
            throw Complaint("expand \(quoted(word)): \(error.message)", error.text, suggestion: error.suggestion)
        }
    }

    private func isSpecial(_ byte: UInt8) -> Bool {
        byte == .dollar || byte == .doubleQuote || byte == .singleQuote || byte == escape
    }

    /// The words of a text without variables.
    func words(of text: [UInt8]) throws(Complaint) -> [[UInt8]] { try expand(text, collectsWords: true).words }
}

/// One reading of a word, from front to back.
struct LexerRun {
    let lexer: WordLexer
    let input: [UInt8]
    let variables: [[UInt8]: [UInt8]]
    var position = 0
    var words = WordCollector()
    private(set) var matched: Set<[UInt8]> = []
    private(set) var unmatched: [[UInt8]] = []
    private var missing: Set<[UInt8]> = []
    /// How many `${…}` are open: bounded, since each takes room on the stack.
    private var depth = 0

    init(lexer: WordLexer, input: [UInt8], variables: [[UInt8]: [UInt8]]) {
        self.lexer = lexer
        self.input = input
        self.variables = variables
    }

    var peek: UInt8? { position < input.count ? input[position] : nil }

    mutating func take() -> UInt8? {
        guard position < input.count else { return nil }
        position += 1
        return input[position - 1]
    }

    /// Reads up to a byte, which is consumed, or to the end when none is given.
    mutating func text(until stop: UInt8?, keepsEscapes: Bool, collectsWords: Bool = false) throws(Complaint)
        -> [UInt8]
    {
        var result: [UInt8] = []
        while let byte = peek {
            if let stop, byte == stop {
                position += 1
                return result
            }
            if byte == .dollar {
                let value = try variable()
                result += value
                try checkGrowth(of: result)
                if collectsWords { words.addSplit(value) }
            } else if !lexer.ignoresQuotes, byte == .singleQuote || byte == .doubleQuote {
                let value = byte == .singleQuote ? try singleQuoted() : try doubleQuoted(keepsEscapes: keepsEscapes)
                result += value
                if collectsWords { words.addWhole(value[...]) }
            } else if byte == .lessThan {
                let operatorText = redirection()
                result += operatorText
                if collectsWords { words.addWhole(operatorText) }
            } else if byte == lexer.escape {
                position += 1
                if keepsEscapes {
                    result.append(byte)
                    if collectsWords { words.addWhole([byte]) }
                }
                guard position < input.count else { break }
                let next = character()
                result += next
                if collectsWords { words.addWhole(next) }
            } else {
                let next = character()
                result += next
                if collectsWords { words.addCharacter(next) }
            }
        }
        guard let stop else { return result }
        throw Complaint("missing '\(Character(Unicode.Scalar(stop)))'")
    }

    private func checkGrowth(of text: [UInt8]) throws(Complaint) {
        guard text.count <= input.count + WordLexer.growth else { throw Complaint("the value grows too long") }
    }

    /// `<`, or `<<` with the white space behind it: a here-document's name may stand apart, and is one word with it.
    private mutating func redirection() -> ArraySlice<UInt8> {
        let start = position
        position += 1
        if peek == .lessThan {
            position += 1
            while let byte = peek, byte == .space || byte == .tab || byte == .carriageReturn { position += 1 }
        }
        return input[start..<position]
    }

    /// The bytes of the next character, consumed.
    private mutating func character() -> ArraySlice<UInt8> {
        let width = Characters.decode(input[...], at: position).width
        defer { position += width }
        return input[position..<(position + width)]
    }

    private mutating func singleQuoted() throws(Complaint) -> [UInt8] {
        let start = position
        guard let end = input[(start + 1)...].firstIndex(of: .singleQuote) else {
            throw Complaint("unexpected end while looking for the matching single quote")
        }
        position = end + 1
        return Array(lexer.keepsQuotes ? input[start...end] : input[(start + 1)..<end])
    }

    private mutating func doubleQuoted(keepsEscapes: Bool) throws(Complaint) -> [UInt8] {
        position += 1
        var result: [UInt8] = lexer.keepsQuotes ? [.doubleQuote] : []
        while let byte = peek {
            switch byte {
            case .doubleQuote:
                position += 1
                if lexer.keepsQuotes { result.append(byte) }
                return result
            case .dollar:
                result += try variable()
                try checkGrowth(of: result)
            case lexer.escape:
                position += 1
                if keepsEscapes { result.append(byte) }
                guard let next = peek else { continue }
                if next == .doubleQuote || next == .dollar || next == lexer.escape {
                    position += 1
                    result.append(next)
                } else {
                    result.append(byte)
                }
            default:
                position += 1
                result.append(byte)
            }
        }
        throw Complaint("unexpected end while looking for the matching double quote")
    }

    /// `$NAME` or `${…}`.
    private mutating func variable() throws(Complaint) -> [UInt8] {
        position += 1
        guard peek == .openBrace else {
            let name = name()
            guard !name.isEmpty else { return [.dollar] }
            if let value = value(of: name) { return value }
            return lexer.keepsUnsetVariables ? [.dollar] + name : []
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw Complaint("variables are nested too deeply") }
        return try substitution()
    }

    /// A name: letters, digits and `_`; or digits alone; or one special parameter of the shell.
    mutating func name() -> [UInt8] {
        let start = position
        let slice = input[...]
        var onlyDigits = false
        while position < input.count {
            let (value, width) = Characters.decode(slice, at: position)
            if position == start {
                if Characters.isDigit(value) {
                    onlyDigits = true
                } else if let byte = UInt8(exactly: value), "@*#?-$!".utf8.contains(byte) {
                    position += 1
                    break
                }
            }
            if onlyDigits {
                guard Characters.isDigit(value) else { break }
            } else {
                guard Characters.isLetter(value) || Characters.isDigit(value) || value == .underscore else { break }
            }
            position += width
        }
        return Array(input[start..<position])
    }

    /// A variable's value; nil, and remembered, when it is not set.
    mutating func value(of name: [UInt8]) -> [UInt8]? {
        if let value = variables[name] {
            matched.insert(name)
            return value
        }
        if missing.insert(name).inserted { unmatched.append(name) }
        return nil
    }
}

/// Collects words while a text is read.
struct WordCollector {
    private var words: [[UInt8]] = []
    private var word: [UInt8] = []

    /// One character from outside quotes: white space ends a word.
    mutating func addCharacter(_ bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first else { return }
        let value = first < 0x80 ? UInt32(first) : Characters.decode(bytes, at: bytes.startIndex).value
        if !Characters.isSpace(value) {
            word += bytes
        } else if !word.isEmpty {
            words.append(word)
            word = []
        }
    }

    /// A variable's value: white space in it ends words too.
    mutating func addSplit(_ bytes: [UInt8]) {
        var index = 0
        while index < bytes.count {
            let width = Characters.decode(bytes[...], at: index).width
            addCharacter(bytes[index..<(index + width)])
            index += width
        }
    }

    /// Text that was quoted or escaped.
    mutating func addWhole(_ bytes: ArraySlice<UInt8>) { word += bytes }

    func finished() -> [[UInt8]] { word.isEmpty ? words : words + [word] }
}
