public import OCI

/// Sizes and times as docker shows them to people.
public enum Units {
    /// Three digits and a unit of thousands: `4.26MB`.
    public static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"][...]
        // What rounds to a thousand is one of the next unit.
        while value >= 999.5, units.count > 1 {
            value /= 1000
            units.removeFirst()
        }
        let places = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
        let scale: Int64 = places == 0 ? 1 : places == 1 ? 10 : 100
        let scaled = Int64((value * Double(scale)).rounded())
        var text = String(scaled / scale)
        if places > 0 {
            let digits = String(scaled % scale)
            text += "." + String(repeating: "0", count: places - digits.count) + digits
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text + (units.first ?? "B")
    }

    /// `2 weeks`, `About an hour`; what lies ahead is less than a second ago.
    public static func duration(seconds: Int64) -> String {
        let minutes = seconds / 60
        let hours = (seconds + 1800) / 3600
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        default: break
        }
        if minutes == 1 { return "About a minute" }
        if minutes < 60 { return "\(minutes) minutes" }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 14 { return "\(hours / 24) days" }
        if hours < 24 * 60 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(hours / 24 / 365) years"
    }

    /// How long ago something was.
    public static func since(_ moment: Instant, now: Instant = .now) -> String {
        duration(seconds: now.seconds - moment.seconds) + " ago"
    }

    /// A moment that a user names: RFC 3339, a date, seconds since 1970, or how long ago, as `24h` or `1h30m`; nil for anything else.
    public static func moment(_ text: String, now: Instant = .now) -> Instant? {
        if let instant = Instant(text) ?? Instant(text + "Z") ?? Instant(text + "T00:00:00Z") { return instant }
        if let seconds = Int64(text) { return Instant(seconds: seconds) }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        var total = 0.0
        var digits = ""
        for character in text {
            if let unit = units[character] {
                guard let number = Double(digits) else { return nil }
                total += number * unit
                digits = ""
            } else {
                guard character.isASCII, character.isNumber || character == "." else { return nil }
                digits.append(character)
            }
        }
        guard !text.isEmpty, digits.isEmpty, total < 1e12 else { return nil }
        return Instant(seconds: now.seconds - Int64(total))
    }
}
