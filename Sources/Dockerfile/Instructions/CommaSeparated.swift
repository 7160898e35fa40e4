/// One line of comma-separated values, as `--mount` and `--device` take them (RFC 4180).
enum CommaSeparated {
    /// - Throws: when a quote is out of place or not closed, or there is nothing at all.
    static func fields(of text: [UInt8]) throws(Complaint) -> [[UInt8]] {
        guard !text.isEmpty else { throw Complaint("the value is empty") }
        var fields: [[UInt8]] = []
        var position = 0
        while true {
            var field: [UInt8] = []
            if position < text.count, text[position] == .doubleQuote {
                position += 1
                while true {
                    guard let end = text[position...].firstIndex(of: .doubleQuote) else {
                        throw Complaint("a quote is not closed", text)
                    }
                    field += text[position..<end]
                    position = end + 1
                    guard position < text.count, text[position] == .doubleQuote else { break }
                    field.append(.doubleQuote)
                    position += 1
                }
                guard position == text.count || text[position] == .comma else {
                    throw Complaint("a quote is out of place", text)
                }
            } else {
                let end = text[position...].firstIndex(of: .comma) ?? text.count
                field = Array(text[position..<end])
                guard !field.contains(.doubleQuote) else { throw Complaint("a quote is out of place", text) }
                position = end
            }
            fields.append(field)
            guard position < text.count else { return fields }
            position += 1
        }
    }
}
