/// A pattern of `${NAME#…}`, `%` and `/`: `*` is any text on one line, `?` one character; brackets are ordinary.
///
/// A backslash takes `*`, `?`, `\`, `}` and `/` literally, and nothing else may follow it.
struct ShellPattern {
    enum Token: Equatable {
        case character(UInt32)
        case anyCharacter
    }

    /// What stands between the stars; one more than there are stars.
    private var segments: [[Token]] = [[]]
    /// Comparisons that a search may make: long patterns on long values would take the product of their lengths.
    var budget = 1 << 27

    init(_ text: ArraySlice<UInt8>) throws(Complaint) {
        var characters = Characters.characters(of: text)[...]
        while let character = characters.popFirst() {
            switch character {
            case .star: segments.append([])
            case .questionMark: append(.anyCharacter)
            case .backslash:
                guard let next = characters.popFirst(), "*?\\}/".utf8.contains(where: { UInt32($0) == next }) else {
                    throw Complaint("invalid escape in pattern", Array(text))
                }
                append(.character(next))
            default: append(.character(character))
            }
        }
    }

    private mutating func append(_ token: Token) { segments[segments.count - 1].append(token) }

    func removingPrefix(of value: [UInt8], longest: Bool) throws(Complaint) -> [UInt8] {
        let characters = Characters.characters(of: value[...])
        var search = PatternSearch(segments: segments, text: characters, budget: budget)
        guard let end = try search.end(from: 0, longest: longest) else { return value }
        return Characters.bytes(of: characters[end...])
    }

    func removingSuffix(of value: [UInt8], longest: Bool) throws(Complaint) -> [UInt8] {
        let characters = Array(Characters.characters(of: value[...]).reversed())
        let reversed = segments.reversed().map { Array($0.reversed()) }
        var search = PatternSearch(segments: reversed, text: characters, budget: budget)
        guard let end = try search.end(from: 0, longest: longest) else { return value }
        return Characters.bytes(of: Array(characters[end...].reversed())[...])
    }

    /// Replaces the first match or all; a match begins as early as it can and is as long as it can be.
    func replacing(in value: [UInt8], with text: [UInt8], all: Bool) throws(Complaint) -> [UInt8] {
        let characters = Characters.characters(of: value[...])
        var search = PatternSearch(segments: segments, text: characters, budget: budget)
        var result: [UInt8] = []
        var copied = 0
        var start = 0
        var lastEnd = -1
        while start <= characters.count {
            guard let match = try search.firstMatch(from: start) else { break }
            // An empty match right after another match is none, as in Go's regexp.
            if match.isEmpty, match.lowerBound == lastEnd {
                start = match.lowerBound + 1
                continue
            }
            result += Characters.bytes(of: characters[copied..<match.lowerBound])
            result += text
            guard result.count <= value.count + WordLexer.growth else { throw Complaint("the value grows too long") }
            copied = match.upperBound
            lastEnd = match.upperBound
            guard all else { break }
            start = match.isEmpty ? match.upperBound + 1 : match.upperBound
        }
        return result + Characters.bytes(of: characters[min(copied, characters.count)...])
    }
}

/// Finds a pattern in a text. Segments are looked for one after another, each as early as it can be: whatever
/// follows a star only has less room later.
private struct PatternSearch {
    let segments: [[ShellPattern.Token]]
    let text: [UInt32]
    private var budget: Int

    init(segments: [[ShellPattern.Token]], text: [UInt32], budget: Int) {
        self.segments = segments
        self.text = text
        self.budget = budget
    }

    private mutating func matches(_ segment: [ShellPattern.Token], at start: Int) throws(Complaint) -> Bool {
        guard start >= 0, start + segment.count <= text.count else { return false }
        for (offset, token) in segment.enumerated() {
            budget -= 1
            guard budget > 0 else { throw Complaint("the pattern takes too long on this value") }
            let character = text[start + offset]
            guard token == .anyCharacter ? character != .lineFeed : token == .character(character) else { return false }
        }
        return true
    }

    /// Where the line of a position ends: no star goes beyond.
    private func lineEnd(from position: Int) -> Int { text[position...].firstIndex(of: .lineFeed) ?? text.count }

    /// The end of the shortest or longest match that begins at a position.
    mutating func end(from start: Int, longest: Bool) throws(Complaint) -> Int? {
        guard case .match(let end) = try attempt(from: start, longest: longest) else { return nil }
        return end
    }

    private enum Attempt {
        case match(Int)
        /// The first segment is not here.
        case noStart
        /// A later segment is nowhere up to this line end, for this start and for all others before it.
        case noRest(lineEnd: Int)
    }

    private mutating func attempt(from start: Int, longest: Bool) throws(Complaint) -> Attempt {
        guard let first = segments.first, try matches(first, at: start) else { return .noStart }
        var position = start + first.count
        for (index, segment) in segments.enumerated().dropFirst() {
            let limit = lineEnd(from: position)
            let isLast = index == segments.count - 1
            if isLast, longest {
                guard let found = try last(segment, from: position, to: limit) else { return .noRest(lineEnd: limit) }
                return .match(found + segment.count)
            }
            guard let found = try earliest(segment, from: position, to: limit) else {
                return .noRest(lineEnd: limit)
            }
            position = found + segment.count
        }
        return .match(position)
    }

    private mutating func earliest(
        _ segment: [ShellPattern.Token], from start: Int, to limit: Int
    ) throws(Complaint) -> Int? {
        var position = start
        while position <= limit {
            if try matches(segment, at: position) { return position }
            position += 1
        }
        return nil
    }

    private mutating func last(
        _ segment: [ShellPattern.Token], from start: Int, to limit: Int
    ) throws(Complaint) -> Int? {
        var position = limit
        while position >= start {
            if try matches(segment, at: position) { return position }
            position -= 1
        }
        return nil
    }

    /// The first match at or after a position, as long as it can be.
    mutating func firstMatch(from start: Int) throws(Complaint) -> Range<Int>? {
        let firstHasLineFeed = segments.first?.contains(.character(.lineFeed)) ?? false
        var position = start
        while position <= text.count {
            switch try attempt(from: position, longest: true) {
            case .match(let end): return position..<end
            case .noStart: position += 1
            case .noRest(let lineEnd): position = firstHasLineFeed ? position + 1 : max(position, lineEnd) + 1
            }
        }
        return nil
    }
}
