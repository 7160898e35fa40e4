/// What a server asks for with status 401: one scheme of a `WWW-Authenticate` header (RFC 9110, section 11.6.1).
struct Challenge: Equatable, Sendable {
    /// In lower case: `basic`, `bearer`.
    let scheme: String
    /// Names in lower case.
    let parameters: [String: String]

    /// Every challenge of an answer, in order. What cannot be read is passed over.
    static func all(_ head: ResponseHead) -> [Challenge] {
        head.headers.all("WWW-Authenticate").flatMap { line in
            var reader = ChallengeReader(line)
            return reader.challenges()
        }
    }
}

/// Reads one header: challenges and their parameters are both separated by commas, so a word tells what it is only by
/// what follows it.
private struct ChallengeReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ line: String) { bytes = Array(line.utf8) }

    mutating func challenges() -> [Challenge] {
        var result: [Challenge] = []
        var scheme: String?
        var parameters: [String: String] = [:]
        while true {
            skip { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            let word = take(while: Self.isToken)
            if word.isEmpty { break }
            skip { $0 == 0x20 || $0 == 0x09 }
            if current == UInt8(ascii: "="), scheme != nil {
                position += 1
                skip { $0 == 0x20 || $0 == 0x09 }
                let value = current == UInt8(ascii: "\"") ? quoted() : take { $0 != UInt8(ascii: ",") && $0 != 0x20 }
                parameters[word.lowercased()] = value
            } else {
                if let scheme { result.append(Challenge(scheme: scheme, parameters: parameters)) }
                (scheme, parameters) = (word.lowercased(), [:])
            }
        }
        if let scheme { result.append(Challenge(scheme: scheme, parameters: parameters)) }
        return result
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while let byte = current, condition(byte) { position += 1 }
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = position
        skip(while: condition)
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() -> String {
        var text: [UInt8] = []
        position += 1
        while let byte = current, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
            text.append(bytes[position])
            position += 1
        }
        if current != nil { position += 1 }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
