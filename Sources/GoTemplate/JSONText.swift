/// JSON as Go's encoder writes it, without the escapes for HTML: structs in the order of their fields, maps by their keys.
extension Value {
    /// - Parameter indent: what each level is indented by, on lines of their own; empty for one line.
    public func json(indent: String = "") -> String {
        var text = ""
        write(into: &text, indent, depth: 0)
        return text
    }

    private func write(into text: inout String, _ indent: String, depth: Int) {
        switch self {
        case .missing, .null: text += "null"
        case .bool, .integer: print(into: &text)
        case .number(let value): text += value.isFinite ? Self.shortest(value, plain: -6..<21, pads: false) : "null"
        case .string(let value): Self.quote(value, into: &text)
        case .list(let list):
            guard !list.isNull else {
                text += "null"
                return
            }
            Self.enclose("[", list.elements, "]", into: &text, indent, depth) { element, text in
                element.write(into: &text, indent, depth: depth + 1)
            }
        case .map(let map):
            guard !map.isNull else {
                text += "null"
                return
            }
            Self.writeFields(map.entries, into: &text, indent, depth)
        case .object(let fields):
            Self.writeFields(fields.filter { !$0.isOptional || !$0.value.isZero }, into: &text, indent, depth)
        }
    }

    private static func writeFields(_ fields: [Field], into text: inout String, _ indent: String, _ depth: Int) {
        enclose("{", fields, "}", into: &text, indent, depth) { field, text in
            quote(field.name, into: &text)
            text += indent.isEmpty ? ":" : ": "
            field.value.write(into: &text, indent, depth: depth + 1)
        }
    }

    private static func enclose<Element>(
        _ open: String, _ elements: [Element], _ close: String, into text: inout String, _ indent: String, _ depth: Int,
        _ write: (Element, inout String) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if !indent.isEmpty { text += "\n" + String(repeating: indent, count: depth + 1) }
            write(element, &text)
        }
        if !elements.isEmpty, !indent.isEmpty { text += "\n" + String(repeating: indent, count: depth) }
        text += close
    }

    /// What `omitempty` leaves out.
    private var isZero: Bool {
        if case .object = self { return false }
        return !isTrue
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
