import Glibc

/// A moment, as documents write it: RFC 3339.
public struct Instant: Comparable, Sendable, CustomStringConvertible {
    /// Since 1970 began, in UTC.
    public let seconds: Int64
    public let nanoseconds: Int64

    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    public static func < (a: Instant, b: Instant) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }

    /// `YYYY-MM-DDTHH:MM:SS[.FRACTION]` and `Z`, or an offset; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int, _ allowed: ClosedRange<Int32>) -> Int32? {
            guard start + count <= bytes.count else { return nil }
            let digits = bytes[start..<(start + count)]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int32(String(decoding: digits, as: UTF8.self)), allowed.contains(value)
            else { return nil }
            return value
        }
        func has(_ byte: Unicode.Scalar, at place: Int) -> Bool {
            bytes.indices.contains(place) && bytes[place] | 0x20 == UInt8(ascii: byte) | 0x20
        }
        var parts = tm()
        guard let year = number(0, 4, 0...9999), has("-", at: 4), let month = number(5, 2, 1...12), has("-", at: 7),
            let day = number(8, 2, 1...31), has("T", at: 10), let hour = number(11, 2, 0...23), has(":", at: 13),
            let minute = number(14, 2, 0...59), has(":", at: 16), let second = number(17, 2, 0...60)
        else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            for index in 0..<9 {
                let place = digits.startIndex + index
                fraction = fraction * 10 + (place < digits.endIndex ? Int64(digits[place] - 0x30) : 0)
            }
            rest = rest[digits.endIndex...]
        }
        var offset: Int64 = 0
        if !(rest.count == 1 && has("Z", at: rest.startIndex)) {
            guard rest.count == 6, let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
                let hours = number(rest.startIndex + 1, 2, 0...23), has(":", at: rest.startIndex + 3),
                let minutes = number(rest.startIndex + 4, 2, 0...59)
            else { return nil }
            offset = (Int64(hours) * 3600 + Int64(minutes) * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        self.init(seconds: Int64(timegm(&parts)) - offset, nanoseconds: fraction)
    }

    /// In UTC.
    public var description: String { "\(written("-", "T"))\(fraction)Z" }

    /// As Go prints times, and docker shows them: `2024-01-02 03:04:05 +0000 UTC`.
    public var display: String { "\(written("-", " ")) +0000 UTC" }

    private func written(_ dash: String, _ between: String) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "1970\(dash)01\(dash)01\(between)00:00:00" }
        func padded(_ number: Int, _ count: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        let date = [
            padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1, 2), padded(Int(parts.tm_mday), 2),
        ]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return date.joined(separator: dash) + between + clock.joined(separator: ":")
    }

    private var fraction: String {
        guard nanoseconds != 0 else { return "" }
        let digits = String(nanoseconds)
        var text = "." + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }
}
