/// Collects an answer's status line and header fields, line by line as libcurl gives them.
struct HeaderReader {
    enum Outcome {
        case more
        /// The final answer's head: interim answers (1xx, RFC 9110, section 15.2) are passed over.
        case head(ResponseHead)
        case refused(String)
    }

    /// Bytes of all lines of one answer; no registry needs a tenth.
    private static let limit = 256 << 10

    private(set) var isComplete = false
    private(set) var hasBegun = false
    private var status = 0
    private var headers = Headers()
    private var size = 0

    mutating func read(_ line: UnsafeRawBufferPointer) -> Outcome {
        // What follows a body are trailers; nobody asks for them.
        if isComplete { return .more }
        hasBegun = true
        size += line.count
        guard size <= Self.limit else { return .refused("the answer's headers are larger than \(Self.limit) bytes") }
        var text = line[...]
        while let last = text.last, last == 0x0d || last == 0x0a { text = text.dropLast() }
        if text.isEmpty { return end() }
        if text.starts(with: "HTTP/".utf8) {
            let words = text.split(separator: 0x20, maxSplits: 2)
            guard words.count > 1, let status = Int(String(decoding: words[1], as: UTF8.self)),
                (100...999).contains(status)
            else { return .refused("the answer's status line is not HTTP") }
            (self.status, headers) = (status, Headers())
            return .more
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return .more }
        let name = String(decoding: text[..<colon], as: UTF8.self)
        headers.append(name, Self.trimmed(text[text.index(after: colon)...]))
        return .more
    }

    private mutating func end() -> Outcome {
        guard status >= 200 else { return .more }
        isComplete = true
        return .head(ResponseHead(status: status, headers: headers))
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
