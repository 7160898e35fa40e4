/// What a template is made of, read left to right (Go's text/template/parse, lex.go).
struct Lexer {
    enum Token: Equatable {
        case text(String)
        case openAction, closeAction
        case space
        case word(String)
        /// `.` and a name.
        case field(String)
        case dot
        /// `$` and perhaps a name.
        case variable(String)
        case integer(Int64)
        case number(Double)
        case string(String)
        case declare, assign, pipe, comma, open, close
        case end
    }

    struct Piece {
        let token: Token
        let line: Int
        /// Where it stands in the template, in bytes.
        let range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var pieces: [Piece] = []

    /// - Throws: ``TemplateError`` for what is no token.
    static func pieces(of bytes: [UInt8]) throws(TemplateError) -> [Piece] {
        var lexer = Lexer(bytes: bytes)
        while lexer.position < bytes.count { try lexer.readTextAndAction() }
        lexer.add(.end, from: lexer.position)
        return lexer.pieces
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ cause: String) -> TemplateError { TemplateError(parsing: cause, line: line) }

    private mutating func add(_ token: Token, from start: Int) {
        pieces.append(Piece(token: token, line: line, range: start..<position))
    }

    private func at(_ text: StaticString, _ place: Int? = nil) -> Bool {
        let place = place ?? position
        guard place <= bytes.count, bytes.count - place >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[place..<(place + $0.count)]) }
    }

    private func byte(_ place: Int) -> UInt8? { bytes.indices.contains(place) ? bytes[place] : nil }

    private func isSpace(_ place: Int) -> Bool { byte(place).map(Self.isSpace) ?? false }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }

    private mutating func advance(to place: Int) {
        line += bytes[position..<place].count { $0 == 0x0a }
        position = place
    }

    private mutating func readTextAndAction() throws(TemplateError) {
        let start = position
        var place = start
        while place < bytes.count, !at("{{", place) { place += 1 }
        var text = bytes[start..<place]
        let trims = at("-", place + 2) && isSpace(place + 3)
        if place < bytes.count, trims { while let last = text.last, Self.isSpace(last) { text.removeLast() } }
        if !text.isEmpty { pieces.append(Piece(token: .text(decoded(text)), line: line, range: start..<place)) }
        advance(to: place)
        guard place < bytes.count else { return }
        let inside = position + (trims ? 4 : 2)
        if at("/*", inside) { return try skipComment(from: inside) }
        let open = position
        position += 2
        add(.openAction, from: open)
        advance(to: inside)
        while try !readToken() {}
    }

    private mutating func skipComment(from start: Int) throws(TemplateError) {
        var place = start + 2
        while place < bytes.count, !at("*/", place) { place += 1 }
        guard place < bytes.count else { throw failure("unclosed comment") }
        place += 2
        if at("}}", place) {
            advance(to: place + 2)
        } else if isSpace(place), at("-}}", place + 1) {
            advance(to: place + 4)
            skipSpace()
        } else {
            throw failure("comment ends before closing delimiter")
        }
    }

    private mutating func skipSpace() {
        var place = position
        while isSpace(place) { place += 1 }
        advance(to: place)
    }

    /// Reads one token of an action.
    ///
    /// - Returns: whether it ended the action.
    private mutating func readToken() throws(TemplateError) -> Bool {
        let start = position
        if at("}}") || isSpace(start) && at("-}}", start + 1) {
            let trims = !at("}}")
            position += trims ? 4 : 2
            add(.closeAction, from: start)
            if trims { skipSpace() }
            return true
        }
        guard let first = byte(start) else { throw failure("unclosed action") }
        if Self.isSpace(first) {
            repeat { advance(to: position + 1) } while isSpace(position) && !at("-}}", position + 1)
            add(.space, from: start)
            return false
        }
        let token = try token(first)
        add(token, from: start)
        if case .word = token { try checkTerminated() }
        if case .field = token { try checkTerminated() }
        if case .variable = token { try checkTerminated() }
        return false
    }

    private mutating func token(_ first: UInt8) throws(TemplateError) -> Token {
        switch first {
        case UInt8(ascii: "\""): return .string(try quotedString())
        case UInt8(ascii: "`"): return .string(try rawString())
        case UInt8(ascii: "'"): return .integer(try character())
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): return try number()
        case UInt8(ascii: "."):
            if let next = byte(position + 1), (0x30...0x39).contains(next) { return try number() }
            position += 1
            let name = name()
            return name.isEmpty ? .dot : .field(name)
        case UInt8(ascii: "$"):
            position += 1
            return .variable(name())
        case UInt8(ascii: "="): return single(.assign)
        case UInt8(ascii: "|"): return single(.pipe)
        case UInt8(ascii: ","): return single(.comma)
        case UInt8(ascii: "("): return single(.open)
        case UInt8(ascii: ")"): return single(.close)
        case UInt8(ascii: ":"):
            guard byte(position + 1) == UInt8(ascii: "=") else { throw failure("expected :=") }
            position += 2
            return .declare
        default:
            let name = name()
            guard !name.isEmpty else {
                throw failure("unexpected \(quoted(decoded(bytes[position...].prefix(1)))) in an action")
            }
            return .word(name)
        }
    }

    private mutating func single(_ token: Token) -> Token {
        position += 1
        return token
    }

    /// Letters, digits and underscores of any alphabet.
    private mutating func name() -> String {
        let start = position
        while let byte = byte(position) {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || byte == 0x5f
            guard isPlain || byte >= 0x80 else { break }
            position += 1
        }
        return decoded(bytes[start..<position])
    }

    private func checkTerminated() throws(TemplateError) {
        guard let byte = byte(position), !Self.isSpace(byte), !".,|:()".utf8.contains(byte), !at("}}") else { return }
        throw failure("bad character \(quoted(decoded(bytes[position...].prefix(1))))")
    }
}

/// The text of bytes; what is no UTF-8 becomes U+FFFD.
func decoded(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

extension Lexer {
    private mutating func quotedString() throws(TemplateError) -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = byte(position), byte != 0x0a {
            if byte == UInt8(ascii: "\"") {
                position += 1
                return decoded(result)
            }
            if byte == UInt8(ascii: "\\") {
                result += try escape(UInt8(ascii: "\""))
            } else {
                result.append(byte)
                position += 1
            }
        }
        throw failure("unterminated quoted string")
    }

    private mutating func rawString() throws(TemplateError) -> String {
        let start = position + 1
        guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "`")) else {
            throw failure("unterminated raw quoted string")
        }
        advance(to: end + 1)
        return decoded(bytes[start..<end].filter { $0 != 0x0d })
    }

    private mutating func character() throws(TemplateError) -> Int64 {
        position += 1
        var result: [UInt8] = []
        if byte(position) == UInt8(ascii: "\\") {
            result = try escape(UInt8(ascii: "'"))
        } else {
            let rest = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
            if let scalar = rest.unicodeScalars.first, scalar != "'", scalar != "\n" {
                result = Array(String(scalar).utf8)
                position += result.count
            }
        }
        let scalars = Array(String(decoding: result, as: UTF8.self).unicodeScalars)
        guard scalars.count == 1, byte(position) == UInt8(ascii: "'") else {
            throw failure("malformed character constant")
        }
        position += 1
        return Int64(scalars[0].value)
    }

    /// What a backslash and what follows stand for (Go specification, "String literals").
    private mutating func escape(_ quote: UInt8) throws(TemplateError) -> [UInt8] {
        guard let kind = byte(position + 1) else { throw failure("unterminated quoted string") }
        position += 2
        let plain: [(UInt8, UInt8)] = [
            (UInt8(ascii: "a"), 7), (UInt8(ascii: "b"), 8), (UInt8(ascii: "f"), 12), (UInt8(ascii: "n"), 10),
            (UInt8(ascii: "r"), 13), (UInt8(ascii: "t"), 9), (UInt8(ascii: "v"), 11), (UInt8(ascii: "\\"), 0x5c),
            (quote, quote),
        ]
        if let (_, value) = plain.first(where: { $0.0 == kind }) { return [value] }
        let (count, radix): (Int, UInt32)
        switch kind {
        case UInt8(ascii: "x"): (count, radix) = (2, 16)
        case UInt8(ascii: "u"): (count, radix) = (4, 16)
        case UInt8(ascii: "U"): (count, radix) = (8, 16)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            (count, radix) = (3, 8)
            position -= 1
        default: throw failure("unknown escape in a string")
        }
        let digits = bytes[position...].prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let value = UInt32(decoded(digits), radix: Int(radix))
        else { throw failure("malformed escape in a string") }
        position += count
        if count < 4 {
            guard let byte = UInt8(exactly: value) else { throw failure("malformed escape in a string") }
            return [byte]
        }
        guard let scalar = Unicode.Scalar(value) else { throw failure("malformed escape in a string") }
        return Array(String(scalar).utf8)
    }

    /// Go's integer and floating-point literals, with a sign.
    private mutating func number() throws(TemplateError) -> Token {
        let start = position
        while let byte = byte(position) {
            let isPart =
                (0x30...0x39).contains(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || byte == 0x5f
                || byte == UInt8(ascii: ".")
                || (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))
                    && (position == start || Self.isExponent(bytes[start..<position]))
            guard isPart else { break }
            position += 1
        }
        let written = decoded(bytes[start..<position])
        let text = written.filter { $0 != "_" }.lowercased()
        let isNegative = text.hasPrefix("-")
        let digits = text.drop { $0 == "-" || $0 == "+" }
        let radix = digits.hasPrefix("0x") ? 16 : digits.hasPrefix("0b") ? 2 : digits.hasPrefix("0o") ? 8 : 10
        let isOctal = radix == 10 && digits.count > 1 && digits.hasPrefix("0") && digits.allSatisfy(\.isNumber)
        let body = radix == 10 ? digits : digits.dropFirst(2)
        guard text.count - digits.count <= 1, let first = body.first, first != "+", first != "-" else {
            throw failure("bad number syntax: \(quoted(written))")
        }
        if let value = Int64((isNegative ? "-" : "") + body, radix: isOctal ? 8 : radix) { return .integer(value) }
        if radix == 10, !isOctal, first.isNumber || first == ".",
            digits.allSatisfy({ ".e+-".contains($0) || $0.isNumber }),
            let value = Double(digits.hasPrefix(".") ? "0" + digits : String(digits)), value.isFinite
        {
            if !digits.contains(where: { ".e".contains($0) }) { throw failure("integer overflow: \(quoted(written))") }
            return .number(isNegative ? -value : value)
        }
        throw failure("bad number syntax: \(quoted(written))")
    }

    private static func isExponent(_ text: ArraySlice<UInt8>) -> Bool {
        guard let last = text.last, last | 0x20 == UInt8(ascii: "e") else { return false }
        let prefix = text.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.prefix(2)
        return !(prefix.count == 2 && prefix.last.map { $0 | 0x20 } == UInt8(ascii: "x"))
    }
}
