/// Whether a text can be the name of an image: `[DOMAIN[:PORT]/]PATH[:TAG][@DIGEST]`, as the `reference` package of
/// distribution normalizes and parses names.
enum ImageName {
    static func isValid(_ text: [UInt8]) -> Bool {
        // Sixty-four hexadecimal digits are an image's id.
        if text.count == 64, text.allSatisfy({ $0.isHexDigit && !$0.isUpperLetter }) {
            return false
        }
        var rest = text[...]
        if let at = rest.firstIndex(of: .at) {
            guard isDigest(rest[(at + 1)...]) else { return false }
            rest = rest[..<at]
        }
        var domain: ArraySlice<UInt8> = []
        if let slash = rest.firstIndex(of: .slash) {
            let first = rest[..<slash]
            let isDomain =
                first.contains { $0 == .dot || $0 == .colon || $0.isUpperLetter }
                || Array(first) == "localhost"
            if isDomain {
                domain = first
                rest = rest[(slash + 1)...]
                guard isValidDomain(domain) else { return false }
            }
        }
        if let colon = rest.firstIndex(of: .colon) {
            guard isTag(rest[(colon + 1)...]) else { return false }
            rest = rest[..<colon]
        }
        let components = rest.split(separator: .slash, omittingEmptySubsequences: false)
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
                guard joint.count <= 1 || joint == "__" || joint.allSatisfy({ $0 == .minus }) else { return false }
                joint = []
            } else {
                guard byte == .dot || byte == .underscore || byte == .minus else { return false }
                joint.append(byte)
            }
        }
        return true
    }

    private static func isValidDomain(_ text: ArraySlice<UInt8>) -> Bool {
        var host = text
        if host.first == .openBracket {
            guard let end = host.firstIndex(of: .closeBracket) else { return false }
            let address = host[(host.startIndex + 1)..<end]
            guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == .colon }) else { return false }
            return isPort(host[(end + 1)...])
        }
        if let colon = host.firstIndex(of: .colon) {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        return host.split(separator: .dot, omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return first != .minus && last != .minus && label.allSatisfy { isAlphanumeric($0) || $0 == .minus }
        }
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        text.isEmpty || text.first == .colon && text.count > 1 && text.dropFirst().allSatisfy { $0.isDigit }
    }

    private static func isTag(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, text.count <= 128, isAlphanumeric(first) || first == .underscore else {
            return false
        }
        return text.allSatisfy { isAlphanumeric($0) || $0 == .underscore || $0 == .dot || $0 == .minus }
    }

    private static func isDigest(_ text: ArraySlice<UInt8>) -> Bool {
        guard let colon = text.firstIndex(of: .colon) else { return false }
        let digits = text[(colon + 1)...]
        guard digits.allSatisfy(\.isHexDigit) else { return false }
        switch String(decoding: text[..<colon], as: UTF8.self) {
        case "sha256": return digits.count == 64
        case "sha384": return digits.count == 96
        case "sha512": return digits.count == 128
        default: return false
        }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool { byte.isDigit || byte.isLowerLetter }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || byte.isUpperLetter }
}
