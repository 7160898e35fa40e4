/// A JSON array of strings, as in `CMD ["sh", "-c"]`; read as Go's `encoding/json` reads it, except that bytes which
/// are no UTF-8 stay as they are.
enum StringArray {
    case strings([[UInt8]])
    /// Valid JSON and an array, but not of strings alone: a mistake.
    case otherElements
    /// Anything else: the shell form.
    case notAnArray

    init(_ text: [UInt8]) {
        guard text[...].trimmedFront.first == .openBracket else {
            self = .notAnArray
            return
        }
        var reader = JSONReader(text: text)
        var strings: [[UInt8]] = []
        var onlyStrings = true
        reader.skipSpace()
        guard reader.take(.openBracket) else {
            self = .notAnArray
            return
        }
        reader.skipSpace()
        var isValid = true
        if !reader.take(.closeBracket) {
            while true {
                reader.skipSpace()
                if reader.peek == .doubleQuote {
                    guard let string = reader.string() else {
                        isValid = false
                        break
                    }
                    strings.append(string)
                } else {
                    onlyStrings = false
                    guard reader.skipValue() else {
                        isValid = false
                        break
                    }
                }
                reader.skipSpace()
                if reader.take(.closeBracket) { break }
                guard reader.take(.comma) else {
                    isValid = false
                    break
                }
            }
        }
        reader.skipSpace()
        guard isValid, reader.isAtEnd else {
            self = .notAnArray
            return
        }
        self = onlyStrings ? .strings(strings) : .otherElements
    }
}

/// Reads JSON without recursion: nested values are only checked and passed over.
private struct JSONReader {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position >= text.count }
    var peek: UInt8? { position < text.count ? text[position] : nil }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    mutating func skipSpace() {
        while let byte = peek, byte == .space || byte == .tab || byte == .lineFeed || byte == .carriageReturn {
            position += 1
        }
    }

    /// A string with its quotes; nil when it is malformed.
    mutating func string() -> [UInt8]? {
        guard take(.doubleQuote) else { return nil }
        var result: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case .doubleQuote: return result
            case .backslash:
                guard let scalar = escaped() else { return nil }
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            case 0..<0x20: return nil
            default: result.append(byte)
            }
        }
        return nil
    }

    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = peek else { return nil }
        position += 1
        switch byte {
        case .doubleQuote, .backslash, .slash: return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return unicode()
        default: return nil
        }
    }

    /// What follows `\u`; half a surrogate pair is the replacement character.
    private mutating func unicode() -> Unicode.Scalar? {
        guard let unit = fourDigits(at: position) else { return nil }
        position += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if unit < 0xdc00, position + 1 < text.count, text[position] == .backslash,
            text[position + 1] == UInt8(ascii: "u"),
            let second = fourDigits(at: position + 2), second >= 0xdc00, second < 0xe000
        {
            position += 6
            return Unicode.Scalar(0x1_0000 + (unit - 0xd800) << 10 + (second - 0xdc00))
        }
        return "\u{fffd}"
    }

    private func fourDigits(at start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        for byte in text[start..<(start + 4)] {
            guard byte.isHexDigit else { return nil }
            value = value << 4 + UInt32(byte.isDigit ? byte - 0x30 : (byte | 0x20) - 0x61 + 10)
        }
        return value
    }

    /// Passes over one value of any kind.
    mutating func skipValue() -> Bool {
        // The brackets that are open, innermost last. Go refuses more than ten thousand.
        var open: [UInt8] = []
        while true {
            skipSpace()
            var closed = false
            switch peek {
            case .openBracket, .openBrace:
                guard let bracket = peek, open.count < 10_000 else { return false }
                position += 1
                skipSpace()
                if take(bracket + 2) {
                    closed = true
                } else {
                    open.append(bracket)
                    if bracket == .openBrace, !key() { return false }
                    continue
                }
            case .doubleQuote: closed = string() != nil
            case UInt8(ascii: "t"): closed = word("true")
            case UInt8(ascii: "f"): closed = word("false")
            case UInt8(ascii: "n"): closed = word("null")
            default: closed = number()
            }
            guard closed else { return false }
            // After a value: the brackets that end here, or a comma and the next value.
            after: while let bracket = open.last {
                skipSpace()
                if take(bracket + 2) {
                    open.removeLast()
                    continue
                }
                guard take(.comma) else { return false }
                skipSpace()
                if bracket == .openBrace, !key() { return false }
                break after
            }
            if open.isEmpty { return true }
        }
    }

    private mutating func key() -> Bool {
        guard string() != nil else { return false }
        skipSpace()
        return take(.colon)
    }

    private mutating func word(_ word: StaticString) -> Bool {
        guard text[position...].starts(with: word) else { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    private mutating func number() -> Bool {
        _ = take(.minus)
        if !take(UInt8(ascii: "0")) { guard digits() else { return false } }
        if take(.dot) { guard digits() else { return false } }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position += 1
            if !take(.plus) { _ = take(.minus) }
            guard digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = peek, byte.isDigit { position += 1 }
        return position > start
    }
}
