import Glibc

/// Numbers written as Go's `fmt`, `encoding/json` and dive's go-humanize write them.
enum GoNumbers {
    /// `%v`: the shortest digits that mean the number, with an exponent below 1e-4 and from 1e21.
    static func plain(_ value: Double) -> String { text(value, exponentBelow: -4) }

    /// As `encoding/json` writes it: an exponent below 1e-6.
    static func json(_ value: Double) -> String { text(value, exponentBelow: -6) }

    private static func text(_ value: Double, exponentBelow least: Int) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let (digits, exponent) = shortest(abs(value))
        let sign = value < 0 ? "-" : ""
        if exponent < least || exponent >= 21 {
            let rest = digits.dropFirst()
            // JSON's exponents have no leading zero, the others two digits.
            let power = abs(exponent) < 10 && least == -4 ? "0\(abs(exponent))" : "\(abs(exponent))"
            return "\(sign)\(digits.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    /// The digits without zeros at their ends, and the power of ten of the first.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts.first.map(String.init) ?? "0"
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let whole = mantissa.prefix { $0 != "." }
        var digits = mantissa.filter { $0 != "." }
        exponent += whole.count - 1
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }

    /// `%.Nf`.
    static func fixed(_ value: Double, _ places: Int) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // The largest number has 309 digits before the point.
        var buffer = [CChar](repeating: 0, count: 512)
        let count = withVaList([Int32(places), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
        return String(decoding: buffer.prefix(Int(max(0, count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// go-humanize's `Bytes`: powers of a thousand, a tenth below ten.
    static func bytes(_ count: UInt64) -> String {
        if count < 10 { return "\(count) B" }
        let exponent = (log(Double(count)) / log(1000)).rounded(.down)
        let value = (Double(count) / pow(1000, exponent) * 10 + 0.5).rounded(.down) / 10
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        return "\(fixed(value, value < 10 ? 1 : 0)) \(units[min(max(0, Int(exponent)), units.count - 1)])"
    }

    /// go-humanize's `ParseBytes`: `42`, `1.5 MB`, `2GiB`, `1,000 kb`; nil for what is no such number.
    static func parseBytes(_ text: String) -> UInt64? {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." || $0 == "," }
        guard let value = parseFloat(String(number.filter { $0 != "," })) else { return nil }
        var unit = text.dropFirst(number.count).lowercased()
        while unit.hasPrefix(" ") { unit.removeFirst() }
        while unit.hasSuffix(" ") { unit.removeLast() }
        guard let factor = units[unit] else { return nil }
        let bytes = value * factor
        guard bytes >= 0, bytes < 18_446_744_073_709_551_616 else { return nil }
        return UInt64(bytes)
    }

    private static let units: [String: Double] = {
        var units: [String: Double] = ["": 1, "b": 1]
        for (power, letter) in ["k", "m", "g", "t", "p", "e"].enumerated() {
            let decimal = pow(1000, Double(power + 1))
            let binary = pow(1024, Double(power + 1))
            units[letter] = decimal
            units["\(letter)b"] = decimal
            units["\(letter)i"] = binary
            units["\(letter)ib"] = binary
        }
        return units
    }()

    /// `strconv.ParseFloat` for decimal numbers; nil for what is none.
    static func parseFloat(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE_".utf8.contains($0) }),
            text.contains(where: \.isNumber)
        else { return ["inf", "+inf", "-inf", "infinity", "nan"].contains(text.lowercased()) ? Double(text) : nil }
        // Swift wants digits on both sides of the point.
        var spelled = text
        if spelled.hasPrefix(".") { spelled = "0" + spelled }
        spelled = spelled.replacing("-.", with: "-0.").replacing("+.", with: "+0.")
        if spelled.hasSuffix(".") { spelled += "0" }
        return Double(spelled)
    }
}
