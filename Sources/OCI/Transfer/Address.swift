import CCurl

/// An absolute `http` or `https` URL (RFC 3986), read by libcurl's own parser so that what is checked is what is asked.
///
/// Never holds a user name or a password: an address with either is refused.
public struct Address: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The whole address, normalised.
    public let text: String
    /// `http` or `https`.
    public let scheme: String
    /// Without brackets around an IPv6 address, in lower case.
    public let host: String
    public let port: Int
    public let path: String

    public var description: String { text }

    /// - Returns: nil where `text` is no absolute http or https URL, or holds a user name or password.
    public init?(_ text: String) { self.init(text, relativeTo: nil) }

    /// What a `Location` header of a response from this address means (RFC 9110, section 10.2.2).
    public func resolve(_ reference: String) -> Address? { Address(reference, relativeTo: self) }

    private init?(_ text: String, relativeTo base: Address?) {
        guard text.utf8.count <= 64 << 10, let parser = cc_url() else { return nil }
        defer { cc_url_cleanup(parser) }
        if let base, cc_url_set(parser, CURLUPART_URL, base.text, 0) != CURLUE_OK { return nil }
        guard cc_url_set(parser, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
            var result: UnsafeMutablePointer<CChar>?
            guard cc_url_get(parser, part, &result, UInt32(flags)) == CURLUE_OK, let result else { return nil }
            defer { cc_free(result) }
            return String(cString: result)
        }
        guard cc_url_set(parser, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK,
            let whole = part(CURLUPART_URL), let scheme = part(CURLUPART_SCHEME),
            scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) })
        else { return nil }
        self.text = whole
        self.scheme = scheme
        self.host = (host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host)
            .lowercased()
        self.port = port
        self.path = part(CURLUPART_PATH) ?? "/"
    }

    /// The same address with fields appended to its query, percent-encoded.
    public func adding(_ fields: [(name: String, value: String)]) -> Address {
        guard !fields.isEmpty else { return self }
        return Address(text + (text.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + Address.form(fields)) ?? self
    }

    /// Fields as `application/x-www-form-urlencoded` (WHATWG URL, section 5.2; a space as `%20`, which every reader takes).
    public static func form(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
    }

    /// RFC 3986, section 2.1: everything but the unreserved characters as `%XX`.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Scheme, host and port: what credentials are bound to (RFC 6454, section 4).
    func sameOrigin(as other: Address) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    public var isEncrypted: Bool { scheme == "https" }

    /// Whether this is the machine itself: `localhost`, a name under it (RFC 6761, section 6.3), 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
