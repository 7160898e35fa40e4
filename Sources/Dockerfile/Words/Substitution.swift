/// `${NAME…}`: the operators of BuildKit's expansion, which are POSIX's (XCU 2.6.2) and Bash's `/`.
extension LexerRun {
    /// Reads from `{` to the matching `}`.
    mutating func substitution() throws(Complaint) -> [UInt8] {
        position += 1
        switch peek {
        case nil: throw Complaint("missing '}'")
        case .openBrace, .closeBrace, .colon: throw Complaint("bad substitution")
        default: break
        }
        let name = name()
        guard let byte = take() else { throw Complaint("missing '}'") }
        switch byte {
        case .closeBrace:
            if let value = value(of: name) { return value }
            return lexer.keepsUnsetVariables ? [.dollar, .openBrace] + name + [.closeBrace] : []
        case .colon:
            guard let operation = take() else { throw Complaint("missing '}'") }
            return try conditional(name, operation, countsEmptyAsUnset: true)
        case .plus, .minus, .questionMark, .hash, .percent:
            return try conditional(name, byte, countsEmptyAsUnset: false)
        case .slash:
            return try replacement(name)
        default:
            throw Complaint("unsupported modifier in substitution", [byte])
        }
    }

    /// `-`, `+` and `?`, also behind a colon; `#` and `%`.
    private mutating func conditional(
        _ name: [UInt8], _ operation: UInt8, countsEmptyAsUnset: Bool
    ) throws(Complaint) -> [UInt8] {
        let isTrim = operation == .hash || operation == .percent
        guard !isTrim || !countsEmptyAsUnset else {
            throw Complaint("unsupported modifier in substitution", [.colon, operation])
        }
        let word = try text(until: .closeBrace, keepsEscapes: isTrim)
        let value = value(of: name)
        if lexer.keepsUnsetVariables, value == nil {
            let colon: [UInt8] = countsEmptyAsUnset ? [.colon] : []
            return [.dollar, .openBrace] + name + colon + [operation] + word + [.closeBrace]
        }
        let isUnset = value == nil || countsEmptyAsUnset && value?.isEmpty == true
        switch operation {
        case .minus: return isUnset ? word : value ?? []
        case .plus: return isUnset ? [] : word
        case .questionMark:
            guard isUnset else { return value ?? [] }
            let reason = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
            let message = word.isEmpty ? reason : String(decoding: word.prefix(400), as: UTF8.self)
            throw Complaint("\(String(decoding: name, as: UTF8.self)): \(message)".onOneLine)
        case .hash, .percent:
            let isLongest = word.first == operation
            let pattern = try ShellPattern(isLongest ? word[1...] : word[...])
            return operation == .hash
                ? try pattern.removingPrefix(of: value ?? [], longest: isLongest)
                : try pattern.removingSuffix(of: value ?? [], longest: isLongest)
        default:
            throw Complaint("unsupported modifier in substitution", [.colon, operation])
        }
    }

    /// `/PATTERN/TEXT` for the first match, `//` for all.
    private mutating func replacement(_ name: [UInt8]) throws(Complaint) -> [UInt8] {
        let replacesAll = peek == .slash
        if replacesAll { position += 1 }
        let pattern = try text(until: .slash, keepsEscapes: true)
        let text = try text(until: .closeBrace, keepsEscapes: true)
        let value = value(of: name)
        if lexer.keepsUnsetVariables, value == nil {
            return [.dollar, .openBrace] + name + [.slash] + pattern + [.slash] + text + [.closeBrace]
        }
        return try ShellPattern(pattern[...]).replacing(in: value ?? [], with: text, all: replacesAll)
    }
}

extension String {
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
    }
}
