public import GoTemplate

/// How a list is shown: docker's `--format`.
public enum ListFormat: Sendable {
    /// A header and aligned columns, those that the list shows by itself.
    case table
    /// The same, with columns that a template gives, between tabs.
    case tableOf(Template)
    /// One JSON object on each line.
    case json
    /// A template for each line.
    case template(Template)

    /// - Parameter text: `table`, `table TEMPLATE`, `json`, or a template; `\t` and `\n` in it stand for a tab and a line feed.
    /// - Throws: ``TemplateError`` for a template that is none.
    public init(_ text: String) throws(TemplateError) {
        switch text {
        case "table", "": self = .table
        case "json": self = .json
        case _ where text.hasPrefix("table "): self = .tableOf(try Template(Self.unescaped(text.dropFirst(6))))
        default: self = .template(try Template(Self.unescaped(text[...])))
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let character = rest.popFirst() {
            if character == "\\", let next = rest.first, next == "t" || next == "n" {
                rest.removeFirst()
                result += next == "t" ? "\t" : "\n"
            } else {
                result.append(character)
            }
        }
        return result
    }
}

/// A list of things, each with the same fields.
public struct Listing: Sendable {
    public struct Column: Sendable {
        public let field: String
        public let title: String

        public init(_ field: String, _ title: String) {
            self.field = field
            self.title = title
        }
    }

    /// Every field with its title.
    private let columns: [Column]
    /// The fields of the table, from left to right.
    private let shown: [String]
    private var rows: [[String: String]] = []

    public init(_ columns: [Column], shown: [String]) {
        self.columns = columns
        self.shown = shown
    }

    /// - Parameter row: a text for each field; one that is missing is empty.
    public mutating func add(_ row: [String: String]) { rows.append(row) }

    /// - Throws: ``TemplateError`` where the template asks for something that the rows do not have.
    public func text(_ format: ListFormat) throws(TemplateError) -> String {
        switch format {
        case .table:
            let titles = Dictionary(columns.map { ($0.field, $0.title) }, uniquingKeysWith: { first, _ in first })
            return Self.aligned(([titles] + rows).map { row in shown.map { row[$0] ?? "" } })
        case .tableOf(let template):
            let titles = Value.object(columns.map { Value.Field($0.field, .string($0.title)) })
            var lines = [try template.render(titles)]
            for row in rows { lines.append(try template.render(value(row))) }
            return Self.aligned(
                lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) })
        case .json: return rows.map { value($0).json() + "\n" }.joined()
        case .template(let template):
            var text = ""
            for row in rows { text += try template.render(value(row)) + "\n" }
            return text
        }
    }

    private func value(_ row: [String: String]) -> Value {
        .object(columns.map(\.field).sorted().map { Value.Field($0, .string(row[$0] ?? "")) })
    }

    /// Columns as Go's tabwriter makes them for docker: ten characters at least, three spaces between.
    static func aligned(_ lines: [[String]]) -> String {
        var widths: [Int] = []
        for line in lines {
            for (index, cell) in line.dropLast().enumerated() {
                if index == widths.count { widths.append(10) }
                widths[index] = max(widths[index], cell.count + 3)
            }
        }
        var text = ""
        for line in lines {
            for (index, cell) in line.enumerated() {
                text += cell
                if index < line.count - 1 { text += String(repeating: " ", count: max(0, widths[index] - cell.count)) }
            }
            text += "\n"
        }
        return text
    }
}
