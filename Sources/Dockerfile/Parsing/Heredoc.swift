/// A here-document: `<<EOF` and the lines up to one that says `EOF`.
public struct Heredoc: Sendable, Equatable {
    /// The word after `<<`, quotes removed.
    public let name: [UInt8]
    /// The number before `<<`; zero when there is none.
    public let descriptor: Int
    /// Whether variables in the content are expanded: not when any part of the word was quoted.
    public let expands: Bool
    /// `<<-`: tabs at the front of the lines do not count.
    public let stripsTabs: Bool
    /// The lines with their ends, as they stand in the file.
    public internal(set) var content: [UInt8] = []

    /// The content, tabs at the front of its lines removed when `<<-` asks for that.
    public var text: [UInt8] {
        guard stripsTabs else { return content }
        var result: [UInt8] = []
        result.reserveCapacity(content.count)
        var atFront = true
        for byte in content {
            if atFront, byte == .tab { continue }
            atFront = byte == .lineFeed
            result.append(byte)
        }
        return result
    }

    /// The here-document that a word announces, white space after `<<` allowed; nil when the word is something else.
    ///
    /// - Throws: when the word has a quote that is not closed.
    init?(word: [UInt8]) throws(Complaint) {
        let digits = word.prefix { $0.isDigit }
        var rest = word[digits.count...]
        guard rest.starts(with: "<<") else { return nil }
        rest = rest.dropFirst(2)
        stripsTabs = rest.first == .minus
        if stripsTabs { rest = rest.dropFirst() }
        rest = rest.drop(while: \.isSpace)
        guard !rest.isEmpty, !rest.contains(.lessThan) else { return nil }

        // Read twice, without quotes and with them: when they differ in quotes, the word was quoted.
        var lexer = WordLexer(escape: .backslash)
        lexer.keepsUnsetVariables = true
        let plain = try lexer.words(of: Array(rest))
        guard plain.count == 1, let name = plain.first else { return nil }
        lexer.keepsQuotes = true
        let raw = try lexer.words(of: Array(rest))
        guard raw.count == 1, let rawName = raw.first else { return nil }
        self.name = name
        expands = Self.quotes(in: name) == Self.quotes(in: rawName)
        descriptor = Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    private static func quotes(in word: [UInt8]) -> Int { word.count { $0 == .doubleQuote || $0 == .singleQuote } }

    /// The here-documents that an instruction announces, in order.
    static func announced(in text: [UInt8]) throws(Complaint) -> [Heredoc] {
        var lexer = WordLexer(escape: .backslash)
        lexer.keepsQuotes = true
        lexer.keepsEscapes = true
        lexer.keepsUnsetVariables = true
        // What the shell would have to complain about is left to the shell.
        guard let words = try? lexer.words(of: text) else { return [] }
        var heredocs: [Heredoc] = []
        for word in words {
            if let heredoc = try Heredoc(word: word) { heredocs.append(heredoc) }
        }
        return heredocs
    }
}
