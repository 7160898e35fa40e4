/// A document, digest or reference that is not what its specification says; one line without a line break.
public struct DocumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being read, such as `manifest` or `reference "a b"`; empty until somebody who knows adds it.
    public var subject: String
    /// Where in it, such as `layers[2].digest`; empty for the whole.
    public var place: String
    public var cause: String

    public init(subject: String = "", place: String = "", cause: String) {
        self.subject = subject
        self.place = place
        self.cause = cause
    }

    public var description: String {
        let parts = [subject.isEmpty ? "" : "parse \(subject)", place, cause]
        return parts.filter { !$0.isEmpty }.joined(separator: ": ")
    }

    func inside(_ subject: String) -> DocumentError {
        var error = self
        error.subject = subject
        return error
    }
}

/// Text from outside as part of a message: without control characters, and not for ever.
public func printable(_ text: some StringProtocol) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(200) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result.unicodeScalars.count < text.unicodeScalars.count && text.unicodeScalars.count > 200
        ? result + "…" : result
}
