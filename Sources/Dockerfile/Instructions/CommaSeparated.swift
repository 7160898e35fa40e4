/// One line of comma-separated values, as `--mount` and `--device` take them (RFC 4180).
enum CommaSeparated {
    /// - Throws: when a quote is out of place or not closed, or there is nothing at all.
    static func fields(of text: [UInt8]) throws(Complaint) -> [[UInt8]] {
        guard !text.isEmpty else { throw Complaint("the value is empty") }
        var fields: [[UInt8]] = []
        var position = 0
        while true {
            var field: [UInt8] = []
            if position < text.count, text[position] == 0x22 {
                position += 1
                while true {
                    guard let end = text[position...].firstIndex(of: 0x22) else {
                        throw Complaint("a quote is not closed", text)
                    }
                    field += text[position..<end]
                    position = end + 1
                    guard position < text.count, text[position] == 0x22 else { break }
                    field.append(0x22)
                    position += 1
                }
                guard position == text.count || text[position] == 0x2c else {
                    throw Complaint("a quote is out of place", text)
                }
            } else {
                let end = text[position...].firstIndex(of: 0x2c) ?? text.count
                field = Array(text[position..<end])
                guard !field.contains(0x22) else { throw Complaint("a quote is out of place", text) }
                position = end
            }
            fields.append(field)
            guard position < text.count else { return fields }
            position += 1
        }
    }
}
