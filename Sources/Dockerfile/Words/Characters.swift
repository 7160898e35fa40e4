/// Characters of a text that need not be UTF-8: a Unicode scalar each, or a byte that belongs to none.
///
/// Dockerfiles name files, and names of files are bytes, so nothing here replaces what it cannot decode: such a byte
/// is a character of its own, numbered from ``strayBase``.
enum Characters {
    static let strayBase: UInt32 = 0x11_0000

    /// The character at an index of the slice, and how many bytes it takes. The index is within the slice.
    static func decode(_ bytes: ArraySlice<UInt8>, at index: Int) -> (value: UInt32, width: Int) {
        let lead = bytes[index]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let stray = (Self.strayBase + UInt32(lead), 1)
        let width: Int
        let smallest: UInt32
        switch lead {
        case 0xc2...0xdf: (width, smallest) = (2, 0x80)
        case 0xe0...0xef: (width, smallest) = (3, 0x800)
        case 0xf0...0xf4: (width, smallest) = (4, 0x1_0000)
        default: return stray
        }
        guard index + width <= bytes.endIndex else { return stray }
        var value = UInt32(lead) & (0x7f >> UInt32(width))
        for offset in 1..<width {
            let byte = bytes[index + offset]
            guard byte & 0xc0 == 0x80 else { return stray }
            value = value << 6 | UInt32(byte & 0x3f)
        }
        guard value >= smallest, Unicode.Scalar(value) != nil else { return stray }
        return (value, width)
    }

    static func characters(of bytes: ArraySlice<UInt8>) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (value, width) = decode(bytes, at: index)
            result.append(value)
            index += width
        }
        return result
    }

    /// The bytes those characters were decoded from.
    static func bytes(of characters: ArraySlice<UInt32>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(characters.count)
        for value in characters {
            if value < 0x80 {
                result.append(UInt8(truncatingIfNeeded: value))
            } else if value >= strayBase {
                result.append(UInt8(truncatingIfNeeded: value - strayBase))
            } else if let scalar = Unicode.Scalar(value) {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return result
    }

    /// White space as Go's `unicode.IsSpace` has it, which BuildKit trims and splits by.
    static func isSpace(_ value: UInt32) -> Bool {
        switch value {
        case 0x09...0x0d, .space, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
        default: false
        }
    }

    static func isDigit(_ value: UInt32) -> Bool {
        if value < 0x80 { return value >= 0x30 && value <= 0x39 }
        return category(value) == .decimalNumber
    }

    static func isLetter(_ value: UInt32) -> Bool {
        if value < 0x80 { return value | 0x20 >= 0x61 && value | 0x20 <= 0x7a }
        switch category(value) {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return false
        }
    }

    private static func category(_ value: UInt32) -> Unicode.GeneralCategory? {
        Unicode.Scalar(value)?.properties.generalCategory
    }
}

extension ArraySlice<UInt8> {
    /// Without white space at the front.
    var trimmedFront: ArraySlice<UInt8> {
        var index = startIndex
        while index < endIndex {
            let (value, width) = Characters.decode(self, at: index)
            guard Characters.isSpace(value) else { break }
            index += width
        }
        return self[index...]
    }

    /// Without white space at the back.
    var trimmedBack: ArraySlice<UInt8> {
        var end = endIndex
        while end > startIndex {
            // A space takes at most three bytes.
            var start = end - 1
            while start > startIndex, end - start < 3, self[start] & 0xc0 == 0x80 { start -= 1 }
            let (value, width) = Characters.decode(self[..<end], at: start)
            guard start + width == end, Characters.isSpace(value) else { break }
            end = start
        }
        return self[..<end]
    }

    var trimmed: ArraySlice<UInt8> { trimmedFront.trimmedBack }

    func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { count >= $0.count && self.prefix($0.count).elementsEqual($0) }
    }
}

extension [UInt8] {
    var trimmed: [UInt8] { Array(self[...].trimmed) }

    /// For words that are compared with keywords: ASCII letters in lower case, all else as it is.
    var lowercased: [UInt8] { map { $0.isUpperLetter ? $0 | 0x20 : $0 } }

    /// The text before and after the first such byte, or nil when there is none.
    func cut(at byte: UInt8) -> (before: [UInt8], after: [UInt8])? {
        guard let index = firstIndex(of: byte) else { return nil }
        return (Array(self[..<index]), Array(self[(index + 1)...]))
    }

    static func == (bytes: [UInt8], text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes.elementsEqual($0) }
    }
}
