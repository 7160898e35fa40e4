/// `print`, `println` and `printf` (Go's package fmt).
enum Formatting {
    typealias Complaint = Functions.Complaint

    /// - Parameter isLine: a space between all operands and a line feed at the end; otherwise a space only between two
    ///   operands that are no strings.
    static func joined(_ values: [Value], isLine: Bool) -> String {
        var text = ""
        var previousIsText = true
        for (index, value) in values.enumerated() {
            var isText = false
            if case .string = value { isText = true }
            if index > 0, isLine || !isText && !previousIsText { text += " " }
            text += value.inner
            previousIsText = isText
        }
        return isLine ? text + "\n" : text
    }

    /// `%[flags][width][.precision]verb` with what it stands for.
    struct Directive {
        var flags: Set<Character> = []
        var width: Int?
        var precision: Int?
        var verb: Character = "v"
    }

    static func format(_ arguments: [Value], _ spend: (Int) throws(Complaint) -> Void) throws(Complaint) -> String {
        guard case .string(let format)? = arguments.first else { throw Complaint("a format string is wanted first") }
        var result = ""
        var rest = format[...]
        var values = arguments.dropFirst()
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            let directive = directive(&rest)
            guard let verb = rest.popFirst() else {
                result += "%!(NOVERB)"
                break
            }
            if verb == "%" {
                result += "%"
                continue
            }
            guard let value = values.popFirst() else {
                result += "%!\(verb)(MISSING)"
                continue
            }
            var complete = directive
            complete.verb = verb
            // A width or precision is a million at most, for each of a list's elements.
            let each = max(directive.width ?? 0, directive.precision ?? 0)
            let (most, overflow) = each.multipliedReportingOverflow(by: value.parts)
            try spend(overflow ? .max : most)
            try spend(value.weight &* 6)
            result += complete.text(of: value)
        }
        result += rest
        if !values.isEmpty {
            let extra = values.map { "\($0.formatType)=\($0.inner)" }
            result += "%!(EXTRA \(extra.joined(separator: ", ")))"
        }
        try spend(result.utf8.count)
        return result
    }

    private static func directive(_ rest: inout Substring) -> Directive {
        var directive = Directive()
        while let flag = rest.first, "+-# 0".contains(flag) {
            directive.flags.insert(flag)
            rest.removeFirst()
        }
        directive.width = number(&rest)
        if rest.first == "." {
            rest.removeFirst()
            directive.precision = number(&rest) ?? 0
        }
        return directive
    }

    /// At most a million, as in Go.
    private static func number(_ rest: inout Substring) -> Int? {
        var value: Int?
        while let digit = rest.first?.wholeNumberValue, rest.first?.isASCII == true {
            value = min((value ?? 0) * 10 + digit, 1_000_000)
            rest.removeFirst()
        }
        return value
    }
}

extension Formatting.Directive {
    func text(of value: Value) -> String {
        switch value {
        case .list(let list) where verb != "v" && verb != "T":
            return "[" + list.elements.map { text(of: $0) }.joined(separator: " ") + "]"
        case .map(let map) where verb != "v" && verb != "T":
            return "map["
                + map.entries.map { text(of: .string($0.name)) + ":" + text(of: $0.value) }.joined(separator: " ")
                + "]"
        case .object(let fields) where verb != "v" && verb != "T":
            return "{" + fields.map { text(of: $0.value) }.joined(separator: " ") + "}"
        default: return scalar(value)
        }
    }

    private func scalar(_ value: Value) -> String {
        switch (verb, value) {
        case ("T", _): return padded(value.formatType)
        case ("v", .integer(let number)), ("d", .integer(let number)): return integer(number, radix: 10)
        case ("v", .string(let text)): return padded(cut(text))
        case ("v", .number(let number)), ("g", .number(let number)): return padded(signed(Value.shortest(number)))
        case ("v", _): return padded(value.inner)
        case ("s", .string(let text)): return padded(cut(text))
        case ("q", .string(let text)):
            return padded(flags.contains("#") && !text.contains("`") ? "`\(cut(text))`" : Self.quote(cut(text)))
        case ("x", .string(let text)), ("X", .string(let text)):
            let digits = cut(text).utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: verb == "X") }
            return padded(digits.joined(separator: flags.contains(" ") ? " " : ""))
        case ("d", .null): return integer(0, radix: 10)
        case ("t", .bool(let truth)): return padded(truth ? "true" : "false")
        case ("x", .integer(let number)), ("X", .integer(let number)): return integer(number, radix: 16)
        case ("o", .integer(let number)): return integer(number, radix: 8)
        case ("b", .integer(let number)): return integer(number, radix: 2)
        case ("c", .integer(let number)): return padded(Self.character(number))
        case ("q", .integer(let number)):
            return padded("'" + Self.quote(Self.character(number)).dropFirst().dropLast() + "'")
        case ("f", .number(let number)), ("F", .number(let number)): return padded(signed(fixed(number)))
        default: return "%!\(verb)(\(value.formatType)\(value.formatType == "<nil>" ? "" : "=\(value.inner)"))"
        }
    }

    private func cut(_ text: String) -> String {
        guard let precision else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision)))
    }

    private func signed(_ text: String) -> String {
        guard !text.hasPrefix("-"), !text.hasPrefix("+") else { return text }
        return (flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + text
    }

    private func integer(_ number: Int64, radix: Int) -> String {
        var digits = String(number.magnitude, radix: radix, uppercase: verb == "X")
        if precision == 0, number == 0 { digits = "" }
        let prefix = flags.contains("#") ? [16: verb == "X" ? "0X" : "0x", 8: "0", 2: "0b"][radix] ?? "" : ""
        let sign = signed(number < 0 ? "-" : "").prefix(1)
        var least = precision ?? 0
        if precision == nil, flags.contains("0"), !flags.contains("-"), let width { least = width - sign.count }
        return padded(sign + prefix + String(repeating: "0", count: max(0, least - digits.count)) + digits)
    }

    /// Six digits after the point, or as many as the precision says; those beyond 15 are zeros here.
    private func fixed(_ number: Double) -> String {
        guard number.isFinite, number.magnitude < 1e15 else { return Value.shortest(number) }
        let places = min(precision ?? 6, 15)
        let sign = number < 0 ? "-" : ""
        if places == 0 { return sign + String(Int64(number.magnitude.rounded(.toNearestOrEven))) }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        var whole = number.magnitude.rounded(.down)
        var part = ((number.magnitude - whole) * scale).rounded(.toNearestOrEven)
        if part >= scale { (part, whole) = (0, whole + 1) }
        let digits = String(Int64(part))
        let padding = String(repeating: "0", count: max(0, places - digits.count))
        let more = String(repeating: "0", count: (precision ?? 6) - places)
        return sign + String(Int64(whole)) + "." + padding + digits + more
    }

    private func padded(_ text: String) -> String {
        guard let width else { return text }
        let missing = max(0, width - text.unicodeScalars.count)
        if flags.contains("-") { return text + String(repeating: " ", count: missing) }
        let zeros = flags.contains("0") && (verb == "s" || verb == "q" || verb == "v" || verb == "f" || verb == "x")
        return String(repeating: zeros ? "0" : " ", count: missing) + text
    }

    private static func character(_ number: Int64) -> String {
        String(UInt32(exactly: number).flatMap { Unicode.Scalar($0) } ?? "\u{fffd}")
    }

    /// A Go string literal.
    static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{7}": result += "\\a"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{b}": result += "\\v"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\\x" + hex(scalar.value, 2)
            case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x1_0000: result += "\\u" + hex(scalar.value, 4)
            default: result += "\\U" + hex(scalar.value, 8)
            }
        }
        return result + "\""
    }

    private static func hex(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }
}

extension Value {
    /// As an operand of `print`: there is no `<no value>` here.
    var inner: String { self == .missing ? "<nil>" : printed }

    /// The type, as `%T` and complaints of `printf` say it.
    var formatType: String {
        switch self {
        case .missing, .null: "<nil>"
        case .list: "[]interface {}"
        case .map: "map[string]interface {}"
        default: typeName
        }
    }

    /// How many values it is made of.
    var parts: Int {
        switch self {
        case .list(let list): list.elements.reduce(1) { $0 &+ $1.parts }
        case .map(let map): map.entries.reduce(1) { $0 &+ 1 &+ $1.value.parts }
        case .object(let fields): fields.reduce(1) { $0 &+ $1.value.parts }
        default: 1
        }
    }
}
