/// Whether a text can be the name of an image: `[DOMAIN[:PORT]/]PATH[:TAG][@DIGEST]`, as the `reference` package of
/// distribution normalizes and parses names.
enum ImageName {
    static func isValid(_ text: [UInt8]) -> Bool {
        // Sixty-four hexadecimal digits are an image's id.
        if text.count == 64, text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }) {
            return false
        }
        var rest = text[...]
        if let at = rest.firstIndex(of: 0x40) {
            guard isDigest(rest[(at + 1)...]) else { return false }
            rest = rest[..<at]
        }
        var domain: ArraySlice<UInt8> = []
        if let slash = rest.firstIndex(of: 0x2f) {
            let first = rest[..<slash]
            let isDomain =
                first.contains { $0 == 0x2e || $0 == 0x3a || $0 >= 0x41 && $0 <= 0x5a }
                || Array(first) == "localhost"
            if isDomain {
                domain = first
                rest = rest[(slash + 1)...]
                guard isValidDomain(domain) else { return false }
            }
        }
        if let colon = rest.firstIndex(of: 0x3a) {
            guard isTag(rest[(colon + 1)...]) else { return false }
            rest = rest[..<colon]
        }
        let components = rest.split(separator: 0x2f, omittingEmptySubsequences: false)
        return domain.count + rest.count < 255 && components.allSatisfy { isComponent($0) }
    }

    /// Lower-case letters and digits, joined by one dot, one or two underscores, or any number of hyphens.
    private static func isComponent(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last, isLowerAlphanumeric(first), isLowerAlphanumeric(last) else {
            return false
        }
        var joint: [UInt8] = []
        for byte in text {
            if isLowerAlphanumeric(byte) {
                guard joint.count <= 1 || joint == "__" || joint.allSatisfy({ $0 == 0x2d }) else { return false }
                joint = []
            } else {
                guard byte == 0x2e || byte == 0x5f || byte == 0x2d else { return false }
                joint.append(byte)
            }
        }
        return true
    }

    private static func isValidDomain(_ text: ArraySlice<UInt8>) -> Bool {
        var host = text
        if host.first == 0x5b {
            guard let end = host.firstIndex(of: 0x5d) else { return false }
            let address = host[(host.startIndex + 1)..<end]
            guard !address.isEmpty, address.allSatisfy({ isHexadecimal($0) || $0 == 0x3a }) else { return false }
            return isPort(host[(end + 1)...])
        }
        if let colon = host.firstIndex(of: 0x3a) {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        return host.split(separator: 0x2e, omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return first != 0x2d && last != 0x2d && label.allSatisfy { isAlphanumeric($0) || $0 == 0x2d }
        }
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        text.isEmpty || text.first == 0x3a && text.count > 1 && text.dropFirst().allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    private static func isTag(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, text.count <= 128, isAlphanumeric(first) || first == 0x5f else { return false }
        return text.allSatisfy { isAlphanumeric($0) || $0 == 0x5f || $0 == 0x2e || $0 == 0x2d }
    }

    private static func isDigest(_ text: ArraySlice<UInt8>) -> Bool {
        guard let colon = text.firstIndex(of: 0x3a) else { return false }
        let digits = text[(colon + 1)...]
        guard digits.allSatisfy(isHexadecimal) else { return false }
        switch String(decoding: text[..<colon], as: UTF8.self) {
        case "sha256": return digits.count == 64
        case "sha384": return digits.count == 96
        case "sha512": return digits.count == 128
        default: return false
        }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x7a
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || byte >= 0x41 && byte <= 0x5a
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66
    }
}
