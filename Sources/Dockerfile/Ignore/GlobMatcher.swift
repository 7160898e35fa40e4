/// A pattern matched against a whole text, in a time that never grows faster than the square of the text's length.
struct GlobMatcher: Sendable {
    private let tokens: [GlobToken]
    private let leastLength: Int

    init(_ tokens: [GlobToken]) {
        self.tokens = tokens
        leastLength = tokens.count { $0.takesOne }
    }

    func matches(_ text: [UInt8]) -> Bool {
        // A pattern that is longer than the text costs nothing.
        guard leastLength <= text.count else { return false }
        var state = State(count: tokens.count + 1)
        state.enter(0)
        state.passOptional(tokens)
        for character in Characters.characters(of: text[...]) {
            var next = State(count: tokens.count + 1)
            for (index, token) in tokens.enumerated() where state.reached[index] {
                switch token {
                case .star: if character != .slash { next.enter(index) }
                case .everything: next.enter(index)
                case .directories:
                    // Between slashes it can only go on.
                    next.reached[index] = true
                    if character == .slash { next.enter(index + 1) }
                case .character, .anyCharacter, .set: if token.matches(character) { next.enter(index + 1) }
                }
            }
            guard next.reached.contains(true) else { return false }
            next.passOptional(tokens)
            state = next
        }
        return state.reached[tokens.count]
    }

    /// The places in the pattern that a text can have led to: each is before a token, or inside it.
    private struct State {
        var reached: [Bool]
        /// Where the token has taken nothing yet, or may end anywhere.
        private var isAtFront: [Bool]

        init(count: Int) {
            reached = [Bool](repeating: false, count: count)
            isAtFront = reached
        }

        mutating func enter(_ index: Int) {
            reached[index] = true
            isAtFront[index] = true
        }

        /// Adds the places behind tokens that may match nothing.
        mutating func passOptional(_ tokens: [GlobToken]) {
            for (index, token) in tokens.enumerated() where isAtFront[index] && !token.takesOne { enter(index + 1) }
        }
    }
}
