/// The grammar of distribution/reference (reference.go), by hand: regular expressions would be the slowest thing at start.
extension Reference {
    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte) }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLower(byte) || isUpper(byte) || isDigit(byte) }

    /// `[\w][\w.-]{0,127}`
    static func isTag(_ tag: some StringProtocol) -> Bool {
        guard let first = tag.utf8.first, tag.utf8.count <= 128 else { return false }
        guard isLetterOrDigit(first) || first == UInt8(ascii: "_") else { return false }
        return tag.utf8.allSatisfy {
            isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
    }

    static func isHash(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    /// `domain-name[:port]` or `[IPv6][:port]`.
    static func isDomain(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        var host = bytes[...]
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = bytes[1..<end]
            guard !address.isEmpty, address.allSatisfy({ hexadecimalValue($0) != nil || $0 == UInt8(ascii: ":") })
            else {
                return false
            }
            let port = bytes[(end + 1)...]
            return port.isEmpty || port.first == UInt8(ascii: ":") && isPort(port.dropFirst())
        }
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")) {
            guard isPort(bytes[(colon + 1)...]) else { return false }
            host = bytes[..<colon]
        }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isLetterOrDigit(first) && isLetterOrDigit(last)
                && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ port: ArraySlice<UInt8>) -> Bool {
        !port.isEmpty && port.count <= 5 && port.allSatisfy(isDigit)
    }

    /// Components of lower-case letters and digits, with `.`, `_`, `__` or any number of `-` between them.
    static func isPath(_ path: some StringProtocol) -> Bool {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
            guard let first = component.first, let last = component.last else { return false }
            guard isLower(first) || isDigit(first), isLower(last) || isDigit(last) else { return false }
            let separators = component.split(whereSeparator: { isLower($0) || isDigit($0) })
            return separators.allSatisfy { run in
                let text = Array(run)
                return text == [UInt8(ascii: ".")] || text == [UInt8(ascii: "_")] || text == Array("__".utf8)
                    || text.allSatisfy { $0 == UInt8(ascii: "-") }
            }
        }
    }
}
