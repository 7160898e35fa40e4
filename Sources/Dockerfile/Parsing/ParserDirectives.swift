/// The directives at the top of a Dockerfile: `# syntax=`, `# escape=` and `# check=`.
public struct ParserDirectives: Sendable, Equatable {
    /// The frontend asked for, up to the first space; nil when none is.
    public internal(set) var syntax: [UInt8]?
    /// The escape character: a backslash, or a backtick.
    public internal(set) var escape: UInt8 = .backslash
    /// What `# check=` says, up to the first space.
    public internal(set) var check: [UInt8]?

    /// `syntax` and `check` of a file, wherever BuildKit looks for them: a line `#!` at the top is passed over, white
    /// space before the `#` ends the search.
    init(of bytes: [UInt8]) {
        var lines = LineReader(bytes)
        var search = DirectiveSearch()
        while let line = lines.next() {
            if lines.number == 1, line.starts(with: "#!") { continue }
            guard let directive = try? search.read(line.withoutLineEnd) else { return }
            let value = directive.value.cut(at: .space)?.before ?? directive.value
            switch directive.name {
            case .syntax: syntax = value
            case .check: check = value
            case .escape: break
            }
        }
    }
}

/// Reads directives line by line, until a line that is none.
struct DirectiveSearch {
    enum Name: String, CaseIterable { case syntax, escape, check }

    private var seen: Set<Name> = []
    private var isOver = false

    /// - Returns: nil when the line is no directive; then no later line is one either.
    /// - Throws: when a directive is repeated.
    mutating func read(_ line: ArraySlice<UInt8>) throws(Complaint) -> (name: Name, value: [UInt8])? {
        guard !isOver, let (name, value) = Self.directive(in: line) else {
            isOver = true
            return nil
        }
        guard seen.insert(name).inserted else {
            throw Complaint("only one \(name.rawValue) parser directive can be used", Array(line))
        }
        return (name, value)
    }

    /// `# NAME = VALUE`, with a known name in any case.
    static func directive(in line: ArraySlice<UInt8>) -> (name: Name, value: [UInt8])? {
        guard line.first == .hash else { return nil }
        return assignment(in: line.dropFirst())
    }

    /// `NAME = VALUE`, as it stands after the `#`.
    static func assignment(in comment: ArraySlice<UInt8>) -> (name: Name, value: [UInt8])? {
        let text = comment.trimmedFront
        guard let (left, right) = Array(text).cut(at: .equalsSign),
            let name = Name(rawValue: String(decoding: Array(left[...].trimmedBack).lowercased, as: UTF8.self)),
            !right.isEmpty
        else { return nil }
        let value = right.trimmed
        // Nothing but spaces is a value too, and a wrong one.
        return (name, value.isEmpty ? Array(right.suffix(1)) : value)
    }
}
