/// A JSON array of strings, as in `CMD ["sh", "-c"]`; read as Go's `encoding/json` reads it, except that bytes which
/// are no UTF-8 stay as they are.
enum StringArray {
    case strings([[UInt8]])
    /// Valid JSON and an array, but not of strings alone: a mistake.
    case otherElements
    /// Anything else: the shell form.
    case notAnArray

    init(_ text: [UInt8]) {
        guard text[...].trimmedFront.first == 0x5b else {
            self = .notAnArray
            return
        }
        var reader = JSONReader(text: text)
        var strings: [[UInt8]] = []
        var onlyStrings = true
        reader.skipSpace()
        guard reader.take(0x5b) else {
            self = .notAnArray
            return
        }
        reader.skipSpace()
        var isValid = true
        if !reader.take(0x5d) {
            while true {
                reader.skipSpace()
                if reader.peek == 0x22 {
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
                if reader.take(0x5d) { break }
                guard reader.take(0x2c) else {
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
        while let byte = peek, byte == 0x20 || byte >= 0x09 && byte <= 0x0d && byte != 0x0b && byte != 0x0c {
            position += 1
        }
    }

    /// A string with its quotes; nil when it is malformed.
    mutating func string() -> [UInt8]? {
        guard take(0x22) else { return nil }
        var result: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case 0x22: return result
            case 0x5c:
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
        case 0x22, 0x5c, 0x2f: return Unicode.Scalar(byte)
        case 0x62: return "\u{8}"
        case 0x66: return "\u{c}"
        case 0x6e: return "\n"
        case 0x72: return "\r"
        case 0x74: return "\t"
        case 0x75: return unicode()
        default: return nil
        }
    }

    /// What follows `\u`; half a surrogate pair is the replacement character.
    private mutating func unicode() -> Unicode.Scalar? {
        guard let unit = fourDigits(at: position) else { return nil }
        position += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if unit < 0xdc00, position + 1 < text.count, text[position] == 0x5c, text[position + 1] == 0x75,
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
            switch byte {
            case 0x30...0x39: value = value << 4 + UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: value = value << 4 + UInt32((byte | 0x20) - 0x61 + 10)
            default: return nil
            }
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
            case 0x5b, 0x7b:
                guard let bracket = peek, open.count < 10_000 else { return false }
                position += 1
                skipSpace()
                if take(bracket + 2) {
                    closed = true
                } else {
                    open.append(bracket)
                    if bracket == 0x7b, !key() { return false }
                    continue
                }
            case 0x22: closed = string() != nil
            case 0x74: closed = word("true")
            case 0x66: closed = word("false")
            case 0x6e: closed = word("null")
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
                guard take(0x2c) else { return false }
                skipSpace()
                if bracket == 0x7b, !key() { return false }
                break after
            }
            if open.isEmpty { return true }
        }
    }

    private mutating func key() -> Bool {
        guard string() != nil else { return false }
        skipSpace()
        return take(0x3a)
    }

    private mutating func word(_ word: StaticString) -> Bool {
        guard text[position...].starts(with: word) else { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    private mutating func number() -> Bool {
        _ = take(0x2d)
        if !take(0x30) { guard digits() else { return false } }
        if take(0x2e) { guard digits() else { return false } }
        if peek == 0x65 || peek == 0x45 {
            position += 1
            if !take(0x2b) { _ = take(0x2d) }
            guard digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = peek, byte >= 0x30, byte <= 0x39 { position += 1 }
        return position > start
    }
}
