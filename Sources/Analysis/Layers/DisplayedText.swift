/// Bytes from outside as text for people: lossy where they are no UTF-8, without control characters that would move a terminal's cursor,
/// and without those that turn text around.
public func displayed(_ bytes: [UInt8]) -> String { displayed(String(decoding: bytes, as: UTF8.self)) }

/// The same for text.
public func displayed(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
