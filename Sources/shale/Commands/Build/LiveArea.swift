import Analysis
import CLinux
import Glibc

/// Lines at the end of what a terminal shows, drawn anew again and again; what is said meanwhile stays above them.
struct LiveArea {
    /// The columns of each line that is there.
    private var drawn: [Int] = []

    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// - Parameters:
    ///   - lines: none wider than the terminal; they are shown dim where they are the second of a pair.
    ///   - permanent: lines of any width that come before them and stay.
    mutating func show(_ lines: [(text: String, isDim: Bool)], after permanent: [String] = []) {
        var text = erasing()
        for line in permanent { text += line + "\n" }
        for line in lines { text += line.isDim ? "\u{1b}[2m\(line.text)\u{1b}[0m\n" : line.text + "\n" }
        drawn = lines.map { TextWidth.columns($0.text) }
        Self.write(text)
    }

    /// Empties the lines, each of which may be several rows since the terminal is narrower, and goes to the first. Row by row: all that
    /// follows the cursor at once is what some terminals keep for scrolling back.
    private func erasing() -> String {
        let size = Self.size
        let rows = min(drawn.reduce(0) { $0 + max(1, ($1 + size.columns - 1) / size.columns) }, size.rows - 1)
        guard rows > 0 else { return "" }
        return "\u{1b}[\(rows)A\r" + String(repeating: "\u{1b}[2K\n", count: rows) + "\u{1b}[\(rows)A"
    }

    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, let base = buffer.baseAddress {
                let count = cl_write(2, base + done, buffer.count - done)
                if count == -4 { continue }
                guard count > 0 else { return }
                done += Int(count)
            }
        }
    }
}
