/// A command's output as lines that can be shown anywhere: without what would move a cursor, change colours or ring a bell.
struct CommandText {
    /// The last lines.
    private(set) var tail: [String] = []
    private var unfinished: [UInt8] = []

    private static let tailLength = 20
    /// A line without end is shown in pieces.
    private static let longest = 64 << 10

    /// Takes what a command wrote.
    ///
    /// - Returns: the lines that are whole now.
    mutating func take(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 10) {
            lines.append(Self.shown(unfinished + bytes[start..<end]))
            unfinished = []
            start = end + 1
        }
        unfinished += bytes[start...]
        keep(lines)
        return unfinished.count > Self.longest ? lines + finish() : lines
    }

    /// What has no end, as a line; nothing where there is none.
    mutating func finish() -> [String] {
        guard !unfinished.isEmpty else { return [] }
        let line = Self.shown(unfinished)
        unfinished = []
        keep([line])
        return [line]
    }

    /// The line that the command is at.
    var current: String? {
        unfinished.isEmpty ? tail.last : Self.shown(Array(unfinished.suffix(4096)))
    }

    private mutating func keep(_ lines: [String]) {
        tail = Array((tail + lines.suffix(Self.tailLength)).suffix(Self.tailLength))
    }

    /// What a terminal would show in the end: what follows the last return to the line's beginning. Escape sequences are left out
    /// whole (ECMA-48, 5.4 and 5.6), and tabs are spaces.
    static func shown(_ bytes: [UInt8]) -> String {
        let line = bytes.last == 13 ? bytes.dropLast() : bytes[...]
        let last = line.lastIndex(of: 13).map { line[($0 + 1)...] } ?? line
        var result = String.UnicodeScalarView()
        var columns = 0
        var scalars = String(decoding: last, as: UTF8.self).unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar.value {
            case 9:
                let spaces = 8 - columns % 8
                result.append(contentsOf: repeatElement(" ", count: spaces))
                columns += spaces
            case 0x1b: Self.skipSequence(after: scalars.next(), &scalars)
            case 0x9b: Self.skipSequence(after: "[", &scalars)
            case 0..<32, 0x7f..<0xa0: break
            default:
                result.append(scalar)
                columns += 1
            }
        }
        return String(result)
    }

    private static func skipSequence(
        after first: Unicode.Scalar?, _ scalars: inout String.UnicodeScalarView.Iterator
    ) {
        switch first {
        case "[":
            while let next = scalars.next(), !(0x40...0x7e).contains(next.value) {}
        case "]", "P", "X", "^", "_":
            // To BEL, or to ESC and a backslash.
            while let next = scalars.next(), next.value != 7 {
                if next.value == 0x1b {
                    _ = scalars.next()
                    return
                }
            }
        case let other? where (0x20...0x2f).contains(other.value):
            while let next = scalars.next(), (0x20...0x2f).contains(next.value) {}
        default: break
        }
    }
}
