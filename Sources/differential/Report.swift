/// One difference, as it is told to the parent and printed.
struct Report {
    /// Single values by name, in this order.
    var fields: [(name: String, value: String)] = []
    var stack: [String] = []
    var steps: [String] = []

    init() {}

    init(_ kase: Case, _ finding: Finding, replay: String) {
        fields = [
            ("seed", "\(kase.seed)"), ("profile", kase.profile.name),
            ("options", kase.profile.options.joined(separator: ",")),
            ("phase", finding.phase), ("differs", finding.difference.kind), ("path", finding.difference.path.shown),
            ("kernel", finding.difference.kernel), ("ours", finding.difference.ours),
            ("replay", replay),
        ]
        stack = kase.stack.shown
        steps = kase.steps.map(\.shown)
    }

    func tellParent() {
        for field in fields { tell("report \(field.name) \(field.value)") }
        for line in stack { tell("report-stack \(line)") }
        for line in steps { tell("report-step \(line)") }
        tell("report-end")
    }

    /// Takes one line of a worker; true when the report is whole.
    mutating func take(_ line: Substring) -> Bool {
        if line == "report-end" { return true }
        guard let space = line.firstIndex(of: " ") else { return false }
        let rest = line[line.index(after: space)...]
        switch line[..<space] {
        case "report-stack": stack.append(String(rest))
        case "report-step": steps.append(String(rest))
        default:
            let name = rest.prefix { $0 != " " }
            fields.append((String(name), String(rest.dropFirst(name.count + 1))))
        }
        return false
    }

    var text: String {
        var text = "DIFFERENT\n"
        for field in fields where !(field.name == "path" && field.value == "''") {
            let name = field.name + String(repeating: " ", count: max(0, 8 - field.name.count))
            text += "  \(name) \(field.value)\n"
        }
        text += "  stack\n"
        for line in stack { text += "    \(line)\n" }
        text += "  operations\n"
        for (index, line) in steps.enumerated() { text += "    \(index). \(line)\n" }
        return text
    }

    var json: String {
        let pairs = fields.map { Self.quoted($0.name) + ":" + Self.quoted($0.value) }
        let lists = [("stack", stack), ("operations", steps)].map { name, lines in
            Self.quoted(name) + ":[" + lines.map(Self.quoted).joined(separator: ",") + "]"
        }
        return "{" + (pairs + lists).joined(separator: ",") + "}"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
