/// Splits the arguments of `ENV`, `LABEL` and `ARG` into words: quotes and escapes keep spaces in a word, and stay in it.
struct AssignmentWords {
    let escape: UInt8

    func words(of text: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var index = 0
        let slice = text[...]
        func finish() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        while index < text.count {
            let byte = text[index]
            let (value, width) = Characters.decode(slice, at: index)
            if quote == nil, Characters.isSpace(value) {
                finish()
            } else if byte == escape, quote != .singleQuote {
                // An escape character at the very end is dropped.
                guard index + 1 < text.count else { break }
                word += [byte, text[index + 1]]
                index += 2
                continue
            } else {
                if byte == quote {
                    quote = nil
                } else if quote == nil, byte == .doubleQuote || byte == .singleQuote {
                    quote = byte
                }
                word += text[index..<(index + width)]
            }
            index += width
        }
        finish()
        return words
    }
}
