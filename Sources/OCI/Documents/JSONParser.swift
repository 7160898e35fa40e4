/// Reads one JSON text strictly (RFC 8259): UTF-8 without a byte order mark, no duplicate keys, no lone surrogates, nothing
/// after the value. Readers that disagree about duplicate keys see different images in one document (CVE-2021-41190).
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    /// No document of the field nests deeper than ten; without a limit a hostile one would exhaust the stack.
    private static let deepest = 64

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: ``DocumentError`` with the offset of the first byte that is wrong.
    static func parse(_ bytes: [UInt8]) throws(DocumentError) -> JSON {
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("something follows the value") }
        return value
    }

    private func failure(_ cause: String) -> DocumentError {
        DocumentError(cause: "not JSON at byte \(position): \(cause)")
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(DocumentError) -> JSON {
        guard depth < Self.deepest else { throw failure("nested deeper than \(Self.deepest)") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw failure("the text ends too early")
        case let byte?:
            guard byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) else {
                throw failure("no value begins here")
            }
            return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(DocumentError) -> JSON {
        for index in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[index] else { throw failure("no value begins here") }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(DocumentError) -> JSONObject {
        var members: [JSONObject.Member] = []
        position += 1
        skipSpace()
        if take("}") { return JSONObject() }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("a key is missing") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("a colon is missing") }
            members.append(JSONObject.Member(key: key, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { break }
            guard take(",") else { throw failure("a comma or } is missing") }
        }
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (member, next) in zip(members, members.dropFirst()) where member.key.utf8.elementsEqual(next.key.utf8) {
            throw failure("the key \"\(printable(member.key))\" appears twice in the object that ends here")
        }
        return JSONObject(sorted: members)
    }

    private mutating func array(depth: Int) throws(DocumentError) -> [JSON] {
        var array: [JSON] = []
        position += 1
        skipSpace()
        if take("]") { return array }
        while true {
            array.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return array }
            guard take(",") else { throw failure("a comma or ] is missing") }
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func number() throws(DocumentError) -> JSON {
        let start = position
        var whole = true
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            whole = false
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            whole = false
            position += 1
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if whole, text != "-0", let integer = Int64(text) { return .integer(integer) }
        return .number(text)
    }

    private mutating func digits() throws(DocumentError) {
        let start = position
        while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw failure("a digit is missing") }
    }

    private mutating func string() throws(DocumentError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw failure("a string that is not UTF-8")
                }
                return result
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20: throw failure("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("a string has no end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(DocumentError) {
        guard let byte = current else { throw failure("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code & 0xfc00 == 0xd800 {
                guard take("\\"), take("u") else { throw failure("half a surrogate pair") }
                let low = try hexadecimal()
                guard low & 0xfc00 == 0xdc00 else { throw failure("half a surrogate pair") }
                code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw failure("an escape that JSON does not have")
        }
    }

    private mutating func hexadecimal() throws(DocumentError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = hexadecimalValue(byte) else { throw failure("a bad \\u escape") }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}

/// The value of a hexadecimal digit of either case.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return byte - UInt8(ascii: "A") + 10
    default: return nil
    }
}

extension JSON {
    /// Reads one JSON text strictly (RFC 8259), nested no deeper than any document of the field.
    ///
    /// - Throws: ``DocumentError`` with the offset of the first byte that is wrong.
    public init(parsing bytes: [UInt8]) throws(DocumentError) { self = try JSONParser.parse(bytes) }
}
