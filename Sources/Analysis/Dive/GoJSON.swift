/// JSON as Go's `MarshalIndent` writes it with two spaces: members in the given order, `<`, `>` and `&` escaped, bytes that are no
/// UTF-8 replaced.
struct GoJSON {
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    private var isFirst = true
    private let isCompact: Bool

    /// - Parameter isCompact: without spaces and lines.
    init(isCompact: Bool = false) { self.isCompact = isCompact }

    mutating func raw(_ text: String) { bytes += text.utf8 }

    mutating func object(_ body: (inout GoJSON) -> Void) { nest("{", "}") { body(&$0) } }

    mutating func array<Element>(_ elements: [Element], _ body: (inout GoJSON, Element) -> Void) {
        nest("[", "]") { text in
            for element in elements {
                text.begin()
                body(&text, element)
            }
        }
    }

    mutating func member(_ key: String, _ value: (inout GoJSON) -> Void) {
        begin()
        string(Array(key.utf8))
        raw(isCompact ? ":" : ": ")
        value(&self)
    }

    private mutating func nest(_ open: String, _ close: String, _ body: (inout GoJSON) -> Void) {
        let outer = isFirst
        raw(open)
        depth += 1
        isFirst = true
        body(&self)
        depth -= 1
        if !isFirst { newLine() }
        raw(close)
        isFirst = outer
    }

    private mutating func begin() {
        if !isFirst { raw(",") }
        isFirst = false
        newLine()
    }

    private mutating func newLine() {
        if isCompact { return }
        bytes.append(0x0a)
        bytes += repeatElement(0x20, count: depth * 2)
    }

    mutating func string(_ content: [UInt8]) {
        raw("\"")
        var rest = content[...]
        while let byte = rest.first {
            if byte < 0x80 {
                ascii(byte)
                rest = rest.dropFirst()
                continue
            }
            let length = Self.sequenceLength(rest)
            if length == 0 {
                raw("\\ufffd")
                rest = rest.dropFirst()
            } else if rest.prefix(length).elementsEqual([0xe2, 0x80, 0xa8]) {
                raw("\\u2028")
                rest = rest.dropFirst(length)
            } else if rest.prefix(length).elementsEqual([0xe2, 0x80, 0xa9]) {
                raw("\\u2029")
                rest = rest.dropFirst(length)
            } else {
                bytes += rest.prefix(length)
                rest = rest.dropFirst(length)
            }
        }
        raw("\"")
    }

    private mutating func ascii(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x08: raw("\\b")
        case 0x09: raw("\\t")
        case 0x0a: raw("\\n")
        case 0x0c: raw("\\f")
        case 0x0d: raw("\\r")
        case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
            let digits = Array("0123456789abcdef".utf8)
            raw("\\u00")
            bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }

    /// Bytes of the well-formed sequence at the beginning (RFC 3629), or 0: each byte of a broken one is replaced on its own.
    private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let first = bytes.first else { return 0 }
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        guard (0xc2...0xf4).contains(first), bytes.count >= length else { return 0 }
        return String(validating: bytes.prefix(length), as: UTF8.self) == nil ? 0 : length
    }
}
