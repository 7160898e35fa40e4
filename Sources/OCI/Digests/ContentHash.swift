internal import CCrypto

/// The SHA-256 of a file's bytes in its 32 bytes: an image has more files than anybody wants ``Digest``s of.
public struct ContentHash: Hashable, Sendable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    public static func == (a: ContentHash, b: ContentHash) -> Bool { a.words == b.words }

    /// Any part of a hash is one.
    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// As it is written in documents.
    public var digest: Digest? {
        var bytes: [UInt8] = []
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return Digest(.sha256, hash: bytes)
    }
}

/// Hashes one file after another.
public struct ContentHasher: ~Copyable {
    private let context: OpaquePointer

    /// - Throws: ``DigestError`` when the system's cryptography has no memory.
    public init() throws(DigestError) {
        guard let context = EVP_MD_CTX_new() else { throw .unavailable }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .unavailable
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Fails only for a context without an algorithm.
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The hash of what was given since the last one; the next begins.
    ///
    /// - Throws: ``DigestError`` when the system's cryptography gives no hash.
    public mutating func finish() throws(DigestError) -> ContentHash {
        var hash = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &hash, &count) == 1, count == 32, EVP_DigestInit_ex(context, nil, nil) == 1
        else { throw .unavailable }
        func word(_ index: Int) -> UInt64 {
            hash[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return ContentHash(words: (word(0), word(1), word(2), word(3)))
    }
}
