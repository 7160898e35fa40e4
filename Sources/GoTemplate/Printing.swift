/// Go's way of printing a value (package fmt, verb `%v`).
extension Value {
    /// As an action prints it.
    var printed: String {
        var text = ""
        print(into: &text)
        return text
    }

    func print(into text: inout String) {
        switch self {
        case .missing: text += "<no value>"
        case .null: text += "<nil>"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += Self.shortest(value)
        case .string(let value): text += value
        case .list(let list):
            text += "["
            for (index, element) in list.elements.enumerated() {
                if index > 0 { text += " " }
                element.printInside(&text)
            }
            text += "]"
        case .map(let map):
            text += "map["
            for (index, entry) in map.entries.enumerated() {
                text += index > 0 ? " \(entry.name):" : "\(entry.name):"
                entry.value.printInside(&text)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { text += " " }
                field.value.printInside(&text)
            }
            text += "}"
        }
    }

    /// Inside of another value there is no `<no value>`.
    private func printInside(_ text: inout String) {
        if self == .missing { text += "<nil>" } else { print(into: &text) }
    }

    /// The shortest digits that are this number, with an exponent where it is out of `plain`.
    ///
    /// - Parameter pads: a negative exponent has two digits at least, as every other has.
    static func shortest(_ value: Double, plain: Range<Int> = -4..<6, pads: Bool = true) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        // Swift's shortest digits, taken apart: MANTISSA[eEXPONENT].
        let (digits, exponent) = decimal(value)
        let sign = value < 0 ? "-" : ""
        if !plain.contains(exponent) {
            let rest = digits.dropFirst()
            let power =
                exponent.magnitude < 10 && (pads || exponent > 0) ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
            return sign + String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest)
                + (exponent < 0 ? "e-" : "e+") + power
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return sign + String(digits.prefix(exponent + 1)) + "." + String(digits.dropFirst(exponent + 1))
    }

    /// The significant digits of a finite number other than zero, and the power of ten of the first one.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let text = value.magnitude.description.lowercased()
        let parts = text.split(separator: "e", maxSplits: 1)
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let point = parts[0].firstIndex(of: ".") ?? parts[0].endIndex
        let whole = parts[0][..<point]
        var digits = String(whole) + String(parts[0][point...].dropFirst())
        exponent += whole.count - 1
        while digits.count > 1, digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}
