/// What is wrong with a Dockerfile or an ignore file, and where.
///
/// Its description is one line: `FILE:LINE: message: "offending text" (did you mean SUGGESTION?)`.
public struct DockerfileError: Error, Sendable, Equatable, CustomStringConvertible {
    public let location: SourceLocation
    /// What is wrong, without the place and the text.
    public let message: String
    /// The word or value at fault, as it stands in the file or after expansion.
    public let text: [UInt8]?
    /// The word that was probably meant.
    public let suggestion: String?

    /// - Parameters:
    ///   - knownWords: what the text should have been one of; the nearest is suggested.
    public init(
        _ message: String, text: [UInt8]? = nil, at location: SourceLocation, knownWords: some Sequence<String> = []
    ) {
        self.init(
            Complaint(message, text, suggestion: text.flatMap { nearest(to: $0, among: knownWords) }), at: location)
    }

    init(_ complaint: Complaint, at location: SourceLocation) {
        self.location = location
        message = complaint.message
        text = complaint.text
        suggestion = complaint.suggestion
    }

    public var description: String {
        var line = "\(location.file):\(location.firstLine): \(message)"
        if let text { line += ": \(quoted(text))" }
        if let suggestion { line += " (did you mean \(suggestion)?)" }
        return line
    }
}

/// What is wrong, from code that does not know where; whoever knows makes a ``DockerfileError`` of it.
struct Complaint: Error {
    let message: String
    var text: [UInt8]?
    var suggestion: String?

    init(_ message: String, _ text: [UInt8]? = nil, suggestion: String? = nil) {
        self.message = message
        self.text = text
        self.suggestion = suggestion
    }

    /// A complaint about a word that is none of the known ones.
    init(_ message: String, _ text: [UInt8], knownWords: some Sequence<String>) {
        self.init(message, text, suggestion: nearest(to: text, among: knownWords))
    }
}

/// A text in quotes, on one line and cut short when long, so that no input can spoil a message.
func quoted(_ text: [UInt8]) -> String {
    var result = "\""
    var index = 0
    let slice = text[...]
    while index < text.count, index < 80 {
        let (value, width) = Characters.decode(slice, at: index)
        index += width
        switch value {
        case .doubleQuote: result += "\\\""
        case .backslash: result += "\\\\"
        case .lineFeed: result += "\\n"
        case .carriageReturn: result += "\\r"
        case .tab: result += "\\t"
        case 0..<0x20, 0x7f..<0xa0: result += hexadecimal(value)
        case Characters.strayBase...: result += hexadecimal(value - Characters.strayBase)
        default: if let scalar = Unicode.Scalar(value) { result.unicodeScalars.append(scalar) }
        }
    }
    return result + (index < text.count ? "…\"" : "\"")
}

private func hexadecimal(_ value: UInt32) -> String {
    "\\x" + (value < 16 ? "0" : "") + String(value, radix: 16)
}
