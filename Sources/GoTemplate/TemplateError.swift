/// What is wrong with a template, or why it cannot be run on a value: "verb object: cause", one line.
public struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameter line: of the template, counted from one.
    init(parsing cause: String, line: Int) {
        description = "parse template: \(line > 1 ? "line \(line): " : "")\(cause)"
    }

    /// - Parameter source: the part of the template that cannot be done.
    init(running source: String, _ cause: String) {
        description = source.isEmpty ? "run template: \(cause)" : "run template at \(shortened(source)): \(cause)"
    }
}

/// A text from a template or a value as part of a message: on one line, and not for ever.
func shortened(_ text: some StringProtocol) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(80) {
        let isPlain = scalar.value >= 0x20 && scalar.value != 0x7f && !(0x80..<0xa0).contains(scalar.value)
        result.unicodeScalars.append(isPlain ? scalar : " ")
    }
    return text.unicodeScalars.prefix(81).count > 80 ? result + "…" : result
}

/// The same in quotes.
func quoted(_ text: some StringProtocol) -> String { "\"\(shortened(text))\"" }
