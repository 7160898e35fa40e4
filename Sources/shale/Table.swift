import Containers
import Glibc
import Linux
import OCI

extension Output {
    /// Columns as wide as what stands in them, three spaces between.
    static func table(_ head: [String], _ rows: [[String]]) {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            let cells = zip(row, widths).map { $0.padded(to: $1 + 3) }
            print(cells.joined().trimmedEnd)
        }
    }

    /// How long ago something was, as people say it.
    static func age(since then: Instant, now: Instant = .now) -> String {
        let seconds = max(0, now.seconds - then.seconds)
        let units: [(limit: Int64, size: Int64, name: String)] = [
            (60, 1, "second"), (3600, 60, "minute"), (86400, 3600, "hour"), (7 * 86400, 86400, "day"),
            (30 * 86400, 7 * 86400, "week"), (365 * 86400, 30 * 86400, "month"), (.max, 365 * 86400, "year"),
        ]
        if seconds < 1 { return "less than a second" }
        for unit in units where seconds < unit.limit {
            let count = seconds / unit.size
            return "\(count) \(unit.name)\(count == 1 ? "" : "s")"
        }
        return "long"
    }

    /// A small file that a command was asked to write.
    static func write(_ text: String, to path: String) throws(ContainerError) {
        try ContainerError.naming("write \(path)") { () throws(Errno) in
            let file = try FD.workingDirectory.open(
                Arguments.bytes(path).cPath, [.writeOnly, .create, .truncate], mode: 0o644)
            try file.fd.writeAll(Array(text.utf8))
        }
    }
}

extension String {
    var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}

extension JSON {
    var text: String { String(decoding: canonicalBytes, as: UTF8.self) }
}
