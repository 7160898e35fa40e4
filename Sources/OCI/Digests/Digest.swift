/// The name of content by its hash: `sha256:` and 64 hexadecimal digits (image-spec descriptor.md, "Digests").
public struct Digest: Hashable, Sendable, CustomStringConvertible, Comparable {
    /// Algorithms that this program can verify.
    public enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512

        /// Characters of the encoded hash.
        public var digits: Int { self == .sha256 ? 64 : 128 }
    }

    public let algorithm: Algorithm
    /// Lower-case hexadecimal, exactly as long as the algorithm's hash.
    public let hex: String

    public var description: String { "\(algorithm.rawValue):\(hex)" }

    /// - Throws: ``DocumentError`` for what is not `algorithm:hex`, for an algorithm that cannot be verified here, and
    ///   for a hash of the wrong length or with upper-case digits. What a digest names is a file name too: nothing else passes.
    public init(_ text: some StringProtocol) throws(DocumentError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw DocumentError(cause: "digest \"\(printable(text))\" has no algorithm")
        }
        guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
            throw DocumentError(
                cause: "digest \"\(printable(text))\" is of an unknown algorithm; sha256 and sha512 are known")
        }
        let hex = text[text.utf8.index(after: colon)...]
        guard hex.utf8.count == algorithm.digits else {
            throw DocumentError(cause: "digest \"\(printable(text))\" does not have \(algorithm.digits) digits")
        }
        guard hex.utf8.allSatisfy({ hexadecimalValue($0) != nil && !(0x41...0x46).contains($0) }) else {
            throw DocumentError(cause: "digest \"\(printable(text))\" is not lower-case hexadecimal")
        }
        self.algorithm = algorithm
        self.hex = String(hex)
    }

    /// From the bytes of a hash; nil when they are not as many as the algorithm's.
    public init?(_ algorithm: Algorithm, hash: some Collection<UInt8>) {
        guard hash.count * 2 == algorithm.digits else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        self.algorithm = algorithm
        hex = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public static func < (a: Digest, b: Digest) -> Bool {
        (a.algorithm.rawValue, a.hex) < (b.algorithm.rawValue, b.hex)
    }
}
