/// Sizes as `64m` or `1.5 GiB`: units of 1024, in either case, as Docker's `go-units` reads them.
enum ByteCount {
    static func parse(_ text: [UInt8]) -> Int? {
        let digits = text.prefix { $0.isDigit || $0 == .dot }
        guard !digits.isEmpty, digits.count <= 32, let number = Double(String(decoding: digits, as: UTF8.self)) else {
            return nil
        }
        var unit = text[digits.count...]
        if unit.first == .space { unit = unit.dropFirst() }
        let letters = String(decoding: Array(unit).lowercased, as: UTF8.self)
        let scale: Double
        switch letters {
        case "", "b": scale = 1
        case "k", "kb", "kib": scale = 0x1p10
        case "m", "mb", "mib": scale = 0x1p20
        case "g", "gb", "gib": scale = 0x1p30
        case "t", "tb", "tib": scale = 0x1p40
        case "p", "pb", "pib": scale = 0x1p50
        default: return nil
        }
        return (number * scale).truncated
    }
}

extension Double {
    /// The part before the point; nil when it does not fit.
    var truncated: Int? { magnitude < 0x1p63 ? Int(self) : nil }
}
