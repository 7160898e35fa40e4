/// `${NAME…}`: the operators of BuildKit's expansion, which are POSIX's (XCU 2.6.2) and Bash's `/`.
extension LexerRun {
    /// Reads from `{` to the matching `}`.
    mutating func substitution() throws(Complaint) -> [UInt8] {
        position += 1
        switch peek {
        case nil: throw Complaint("missing '}'")
        case 0x7b, 0x7d, 0x3a: throw Complaint("bad substitution")
        default: break
        }
        let name = name()
        guard let byte = take() else { throw Complaint("missing '}'") }
        switch byte {
        case 0x7d:
            if let value = value(of: name) { return value }
            return lexer.keepsUnsetVariables ? [0x24, 0x7b] + name + [0x7d] : []
        case 0x3a:
            guard let operation = take() else { throw Complaint("missing '}'") }
            return try conditional(name, operation, countsEmptyAsUnset: true)
        case 0x2b, 0x2d, 0x3f, 0x23, 0x25:
            return try conditional(name, byte, countsEmptyAsUnset: false)
        case 0x2f:
            return try replacement(name)
        default:
            throw Complaint("unsupported modifier in substitution", [byte])
        }
    }

    /// `-`, `+` and `?`, also behind a colon; `#` and `%`.
    private mutating func conditional(
        _ name: [UInt8], _ operation: UInt8, countsEmptyAsUnset: Bool
    ) throws(Complaint) -> [UInt8] {
        let isTrim = operation == 0x23 || operation == 0x25
        let word = try text(until: 0x7d, keepsEscapes: isTrim)
        let value = value(of: name)
        if lexer.keepsUnsetVariables, value == nil {
            let colon: [UInt8] = countsEmptyAsUnset ? [0x3a] : []
            return [0x24, 0x7b] + name + colon + [operation] + word + [0x7d]
        }
        let isUnset = value == nil || countsEmptyAsUnset && value?.isEmpty == true
        switch operation {
        case 0x2d: return isUnset ? word : value ?? []
        case 0x2b: return isUnset ? [] : word
        case 0x3f:
            guard isUnset else { return value ?? [] }
            let reason = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
            let message = word.isEmpty ? reason : String(decoding: word.prefix(400), as: UTF8.self)
            throw Complaint("\(String(decoding: name, as: UTF8.self)): \(message)".onOneLine)
        case 0x23, 0x25:
            let isLongest = word.first == operation
            let pattern = try ShellPattern(isLongest ? word[1...] : word[...])
            return operation == 0x23
                ? try pattern.removingPrefix(of: value ?? [], longest: isLongest)
                : try pattern.removingSuffix(of: value ?? [], longest: isLongest)
        default:
            throw Complaint("unsupported modifier in substitution", [0x3a, operation])
        }
    }

    /// `/PATTERN/TEXT` for the first match, `//` for all.
    private mutating func replacement(_ name: [UInt8]) throws(Complaint) -> [UInt8] {
        let replacesAll = peek == 0x2f
        if replacesAll { position += 1 }
        let pattern = try text(until: 0x2f, keepsEscapes: true)
        let text = try text(until: 0x7d, keepsEscapes: true)
        let value = value(of: name)
        if lexer.keepsUnsetVariables, value == nil {
            return [0x24, 0x7b] + name + [0x2f] + pattern + [0x2f] + text + [0x7d]
        }
        return try ShellPattern(pattern[...]).replacing(in: value ?? [], with: text, all: replacesAll)
    }
}

extension String {
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
    }
}
