/// A text of somebody else's in a message: one line, without control characters, cut short when long.
func oneLine(_ text: String, atMost limit: Int = 200) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < limit else { return result + "…" }
        count += 1
        switch scalar.value {
        case 0x09, 0x0a, 0x0d: result += " "
        // Control characters, and those that turn the direction of what follows.
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A name of a file in a message.
func oneLine(_ name: [UInt8]) -> String { oneLine(String(decoding: name, as: UTF8.self), atMost: 1024) }
