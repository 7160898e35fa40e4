/// What a pattern of Go's `filepath.Match` is made of, and `**` besides.
enum GlobToken: Equatable {
    case character(UInt32)
    /// `?`: any character but a slash.
    case anyCharacter
    /// `[…]`: a character of some ranges, or of none of them.
    case set(CharacterSet)
    /// `*`: anything without a slash.
    case star
    /// `**` before more: nothing, or anything that ends with a slash; a slash right after it belongs to it.
    case directories
    /// `**` at the end: anything.
    case everything

    /// - Parameter readsDoubleStar: whether `**` means more than `*` does.
    /// - Throws: when a bracket is not closed or empty, a range runs backwards or a backslash ends the pattern.
    static func tokens(of pattern: [UInt8], readsDoubleStar: Bool) throws(Complaint) -> [GlobToken] {
        var characters = Characters.characters(of: pattern[...])[...]
        var tokens: [GlobToken] = []
        while let character = characters.popFirst() {
            switch character {
            case .star where readsDoubleStar && characters.first == .star:
                characters.removeFirst()
                if characters.first == .slash { characters.removeFirst() }
                let token: GlobToken = characters.isEmpty ? .everything : .directories
                if tokens.last != token { tokens.append(token) }
            case .star:
                // One star after another adds nothing.
                if tokens.last != .star { tokens.append(.star) }
            case .questionMark: tokens.append(.anyCharacter)
            case .openBracket: tokens.append(try set(&characters, of: pattern))
            case .backslash:
                guard let next = characters.popFirst() else { throw malformed(pattern) }
                tokens.append(.character(next))
            default: tokens.append(.character(character))
            }
        }
        return tokens
    }

    private static func malformed(_ pattern: [UInt8]) -> Complaint { Complaint("syntax error in pattern", pattern) }

    /// What stands between the brackets.
    private static func set(_ characters: inout ArraySlice<UInt32>, of pattern: [UInt8]) throws(Complaint) -> GlobToken
    {
        let isNegated = characters.first == .caret
        if isNegated { characters.removeFirst() }
        var ranges: [ClosedRange<UInt32>] = []
        while characters.first != .closeBracket || ranges.isEmpty {
            let low = try bound(&characters, of: pattern)
            var high = low
            if characters.first == .minus {
                characters.removeFirst()
                high = try bound(&characters, of: pattern)
            }
            // A range that runs backwards holds nothing.
            ranges.append(low <= high ? low...high : .max ... .max)
        }
        characters.removeFirst()
        return .set(CharacterSet(ranges, isNegated: isNegated))
    }

    private static func bound(_ characters: inout ArraySlice<UInt32>, of pattern: [UInt8]) throws(Complaint) -> UInt32 {
        guard let character = characters.popFirst(), character != .minus, character != .closeBracket else {
            throw malformed(pattern)
        }
        guard character == .backslash else { return character }
        guard let escaped = characters.popFirst() else { throw malformed(pattern) }
        return escaped
    }

    /// Whether it matches exactly one character, and this is one.
    func matches(_ character: UInt32) -> Bool {
        switch self {
        case .character(let own): own == character
        case .anyCharacter: character != .slash
        case .set(let set): set.contains(character)
        case .star, .directories, .everything: false
        }
    }

    /// How many characters it takes at least.
    var takesOne: Bool {
        switch self {
        case .character, .anyCharacter, .set: true
        case .star, .directories, .everything: false
        }
    }
}

/// The characters that brackets stand for.
struct CharacterSet: Equatable {
    /// In order, and apart from each other.
    private var ranges: [ClosedRange<UInt32>] = []
    private let isNegated: Bool

    init(_ ranges: [ClosedRange<UInt32>], isNegated: Bool) {
        self.isNegated = isNegated
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    func contains(_ character: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < character { low = middle + 1 } else { high = middle }
        }
        return (low < ranges.count && ranges[low].contains(character)) != isNegated
    }
}
