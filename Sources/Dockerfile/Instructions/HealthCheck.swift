/// `HEALTHCHECK`. Times are nanoseconds, as the image's configuration holds them; zero is the default.
public struct HealthCheck: Sendable, Equatable {
    /// nil is `NONE`: the check of the base image is off.
    public var command: Command?
    public var interval = 0
    public var timeout = 0
    public var startPeriod = 0
    public var startInterval = 0
    public var retries = 0

    /// `Test` of the image's configuration.
    public var test: [[UInt8]] {
        guard let command else { return [Array("NONE".utf8)] }
        return [Array((command.isShellForm ? "CMD-SHELL" : "CMD").utf8)] + command.words
    }

    init(_ statement: Statement) throws(Complaint) {
        let word = statement.rest.prefix { !$0.isSpace }
        let rest = Array(statement.rest[word.count...].trimmedFront)
        switch String(decoding: Array(word).lowercased, as: UTF8.self) {
        case "":
            throw Complaint("HEALTHCHECK requires at least one argument")
        case "none":
            guard rest.isEmpty else { throw Complaint("HEALTHCHECK NONE takes no arguments", rest) }
            _ = try Flags(statement.flags)
        case "cmd":
            let flags = try Flags(
                statement.flags,
                allowed: [
                    "interval": .text, "timeout": .text, "start-period": .text, "start-interval": .text,
                    "retries": .text,
                ])
            let command = try Command(rest)
            guard !command.words.isEmpty else { throw Complaint("missing command after HEALTHCHECK CMD") }
            self.command = command
            interval = try Self.time("interval", flags)
            timeout = try Self.time("timeout", flags)
            startPeriod = try Self.time("start-period", flags)
            startInterval = try Self.time("start-interval", flags)
            retries = try Self.retries(flags)
        default:
            throw Complaint("unknown type in HEALTHCHECK", Array(word), knownWords: ["CMD", "NONE"])
        }
    }

    private static func time(_ name: String, _ flags: Flags) throws(Complaint) -> Int {
        guard let text = flags.text(name) else { return 0 }
        guard let time = Duration.parse(text) else { throw Complaint("invalid duration of --\(name)", text) }
        guard time == 0 || time >= 1_000_000 else { throw Complaint("--\(name) cannot be less than 1ms", text) }
        return time
    }

    private static func retries(_ flags: Flags) throws(Complaint) -> Int {
        guard let text = flags.text("retries") else { return 0 }
        let digits = text.first == .plus ? Array(text.dropFirst()) : text
        guard let retries = digits.number(base: 10, atMost: Int(Int32.max)) else {
            throw Complaint("--retries must be a number that is not negative", text)
        }
        return retries
    }
}

/// Durations as Go's `time.ParseDuration` reads them: `1h30m`, `1.5s`, `100ms`.
enum Duration {
    /// - Returns: nanoseconds; nil when the text is no duration or too long a one.
    static func parse(_ text: [UInt8]) -> Int? {
        var rest = text[...]
        let isNegative = rest.first == .minus
        if rest.first == .minus || rest.first == .plus { rest = rest.dropFirst() }
        if rest.elementsEqual([0x30]) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isDigit || $0 == .dot }
            guard digits.contains(where: { $0 != .dot }), digits.count <= 32,
                let number = Double("0" + String(decoding: digits, as: UTF8.self))
            else { return nil }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { !($0.isDigit || $0 == .dot) }
            guard let scale = scale(of: unit) else { return nil }
            total += number * scale
            rest = rest[unit.endIndex...]
        }
        return (isNegative ? -total : total).truncated
    }

    private static func scale(of unit: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: unit, as: UTF8.self) {
        case "ns": 1
        case "us", "\u{b5}s", "\u{3bc}s": 1e3
        case "ms": 1e6
        case "s": 1e9
        case "m": 6e10
        case "h": 3.6e12
        default: nil
        }
    }
}
