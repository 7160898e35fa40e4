/// Records of `Name: value` lines, as dpkg (deb822(5)), Python's metadata and os-release(5) are made of.
enum RecordedFields {
    /// A longer value is nobody's name or version.
    private static let longest = 4096

    /// The records of a file, blank lines between them. Of a field that goes on in indented lines only the first line counts.
    static func records(
        in bytes: [UInt8], wanted: Set<String>, _ body: ([String: String]) -> Void
    ) {
        var record: [String: String] = [:]
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
            var line = bytes[start..<end]
            start = end + 1
            if line.last == 0x0d { line.removeLast() }
            if line.isEmpty {
                if !record.isEmpty { body(record) }
                record = [:]
                continue
            }
            guard line.first != 0x20, line.first != 0x09, let colon = line.prefix(64).firstIndex(of: 0x3a) else {
                continue
            }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            guard wanted.contains(name), record[name] == nil else { continue }
            record[name] = text(line[(colon + 1)...])
        }
        if !record.isEmpty { body(record) }
    }

    /// Without white space at either end, and without what no document should hold.
    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }.prefix(longest)
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
    }
}
