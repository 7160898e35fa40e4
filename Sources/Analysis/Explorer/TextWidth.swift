/// Text in the columns of a terminal.
public enum TextWidth {
    /// Columns that a terminal gives a character: none for combining marks, two for wide ones (UAX #11, and emoji).
    static func columns(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
            0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
            0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }

    public static func columns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns($1) } }

    /// The text in exactly so many columns: cut with a mark, or filled with spaces.
    static func fitted(_ text: String, _ width: Int) -> String {
        guard width > 0 else { return "" }
        let cut = Self.cut(text, width)
        return cut + String(repeating: " ", count: width - columns(cut))
    }

    /// The text in no more than so many columns: whole, or cut with a mark.
    public static func cut(_ text: String, _ width: Int) -> String {
        guard width > 0 else { return "" }
        if columns(text) <= width { return text }
        var result = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            let next = columns(scalar)
            if used + next > width - 1 { break }
            result.append(scalar)
            used += next
        }
        return String(result) + "…"
    }

    /// The whole text in lines of exactly so many columns; what follows the first is set in by two.
    static func pieces(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            let next = columns(scalar)
            if used + next > max(4, width) {
                lines.append(fitted(String(line), width))
                line = String.UnicodeScalarView("  ".unicodeScalars)
                used = 2
            }
            line.append(scalar)
            used += next
        }
        return lines + [fitted(String(line), width)]
    }
}
