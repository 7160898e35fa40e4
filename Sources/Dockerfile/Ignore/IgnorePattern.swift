/// One pattern of an ignore file, ready to match. Patterns without wildcards, and with `**` at one end only, are
/// compared as text.
struct IgnorePattern: Sendable {
    /// Without `!`, shortened.
    let text: [UInt8]
    /// `!`: takes back what patterns before it matched.
    let isException: Bool
    private let form: Form

    private enum Form: Sendable {
        case exact
        case prefix([UInt8])
        case suffix([UInt8])
        case glob(GlobMatcher)
    }

    /// - Throws: when it is `!` alone, or malformed.
    init(_ line: [UInt8]) throws(Complaint) {
        var pattern = CleanPath.clean(line)
        isException = pattern.first == .exclamationMark
        if isException {
            pattern.removeFirst()
            guard !pattern.isEmpty else { throw Complaint("illegal exclusion pattern", line) }
        }
        text = pattern
        let tokens = try GlobToken.tokens(of: pattern, readsDoubleStar: true)
        form = Self.form(of: pattern, tokens)
    }

    private static func form(of pattern: [UInt8], _ tokens: [GlobToken]) -> Form {
        func isPlain(_ text: ArraySlice<UInt8>) -> Bool { !text.contains { "*?[]\\".utf8.contains($0) } }
        if isPlain(pattern[...]) { return .exact }
        // `**NAME` matches any path that ends so, even within a name; this is how moby/patternmatcher has it.
        if pattern.starts(with: [.star, .star]), isPlain(pattern[2...]) { return .suffix(Array(pattern[2...])) }
        if pattern.suffix(2).elementsEqual([.star, .star]), isPlain(pattern.dropLast(2)) {
            return .prefix(Array(pattern.dropLast(2)))
        }
        return .glob(GlobMatcher(tokens))
    }

    func matches(_ path: [UInt8]) -> Bool {
        switch form {
        case .exact: path == text
        case .prefix(let prefix): path.starts(with: prefix)
        case .suffix(let suffix):
            path.count >= suffix.count && path[(path.count - suffix.count)...].elementsEqual(suffix)
                || suffix.first == .slash && path.elementsEqual(suffix.dropFirst())
        case .glob(let matcher): matcher.matches(path)
        }
    }

    /// Whether it can match something below a directory without matching the directory itself.
    func canMatch(below directory: [UInt8]) -> Bool {
        let front = directory + [.slash]
        if case .suffix = form { return true }
        let literal = text.prefix { !"*?[\\".utf8.contains($0) }
        if literal.count == text.count { return text.starts(with: front) }
        return literal.starts(with: front) || front.starts(with: literal)
    }
}
