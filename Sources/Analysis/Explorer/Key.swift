/// What somebody types.
enum Key: Equatable {
    case character(Unicode.Scalar)
    /// With its letter; space for ctrl+space.
    case control(Character)
    case up, down, left, right, pageUp, pageDown, home, end, tab, backTab, enter, escape, backspace
    case unknown
}

/// Keys out of the bytes that a terminal sends.
struct KeyReader {
    private var pending: [UInt8] = []

    mutating func feed(_ bytes: some Sequence<UInt8>) { pending += bytes }

    /// Whether an escape is waiting that may be the beginning of more.
    var isWaiting: Bool { pending == [0x1b] }

    /// The next key; nil where there is none, or only its beginning.
    ///
    /// - Parameter isAll: nothing more came for a while: an escape is an escape.
    mutating func next(isAll: Bool) -> Key? {
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1b: return sequence(isAll)
        case 0x00: return take(1, .control(" "))
        case 0x09: return take(1, .tab)
        case 0x0a, 0x0d: return take(1, .enter)
        case 0x08, 0x7f: return take(1, .backspace)
        case 0x01...0x1a: return take(1, .control(Character(Unicode.Scalar(first + 0x60))))
        case 0x1c...0x1f: return take(1, .unknown)
        case 0x20..<0x80: return take(1, .character(Unicode.Scalar(first)))
        default: return character(first, isAll)
        }
    }

    private mutating func take(_ count: Int, _ key: Key) -> Key {
        pending.removeFirst(min(count, pending.count))
        return key
    }

    private mutating func character(_ first: UInt8, _ isAll: Bool) -> Key? {
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        guard first >= 0xc2, first < 0xf5 else { return take(1, .unknown) }
        guard pending.count >= length else { return isAll ? take(pending.count, .unknown) : nil }
        guard let text = String(validating: pending.prefix(length), as: UTF8.self),
            let scalar = text.unicodeScalars.first
        else { return take(1, .unknown) }
        return take(length, .character(scalar))
    }

    /// Escape, or what begins with it (ECMA-48, "control sequences"; the keys as xterm sends them).
    private mutating func sequence(_ isAll: Bool) -> Key? {
        guard pending.count > 1 else { return isAll ? take(1, .escape) : nil }
        guard pending[1] == UInt8(ascii: "[") || pending[1] == UInt8(ascii: "O") else { return take(1, .escape) }
        guard let end = pending.indices.dropFirst(2).first(where: { (0x40...0x7e).contains(pending[$0]) }) else {
            // Longer than any key.
            return pending.count > 16 || isAll ? take(pending.count, .unknown) : nil
        }
        let numbers = String(decoding: pending[2..<end], as: UTF8.self)
        let key: Key
        switch (pending[end], numbers) {
        case (UInt8(ascii: "A"), _): key = .up
        case (UInt8(ascii: "B"), _): key = .down
        case (UInt8(ascii: "C"), _): key = .right
        case (UInt8(ascii: "D"), _): key = .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): key = .home
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): key = .end
        case (UInt8(ascii: "~"), "5"): key = .pageUp
        case (UInt8(ascii: "~"), "6"): key = .pageDown
        case (UInt8(ascii: "Z"), _): key = .backTab
        default: key = .unknown
        }
        return take(end + 1, key)
    }
}
