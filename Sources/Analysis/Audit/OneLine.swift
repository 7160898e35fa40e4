/// A text of somebody else's in a message: one line, without control characters, cut short when long.
func oneLine(_ text: String, atMost limit: Int = 200) -> String {
    let spaced = String(
        String.UnicodeScalarView(text.unicodeScalars.prefix(limit + 1).map { $0.value < 0x20 ? " " : $0 }))
    let isLong = spaced.unicodeScalars.count > limit
    return displayed(isLong ? String(String.UnicodeScalarView(spaced.unicodeScalars.prefix(limit))) : spaced)
        + (isLong ? "…" : "")
}

/// A name of a file in a message.
func oneLine(_ name: [UInt8]) -> String { oneLine(String(decoding: name, as: UTF8.self), atMost: 1024) }
