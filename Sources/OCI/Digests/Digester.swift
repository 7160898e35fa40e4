internal import CCrypto

/// Hashes bytes as they pass.
public struct Digester: ~Copyable {
    public let algorithm: Digest.Algorithm
    private let context: OpaquePointer

    /// - Throws: ``DigestError`` when the system's cryptography refuses the algorithm or has no memory.
    public init(_ algorithm: Digest.Algorithm = .sha256) throws(DigestError) {
        guard let context = EVP_MD_CTX_new() else { throw .unavailable }
        guard EVP_DigestInit_ex(context, algorithm == .sha256 ? EVP_sha256() : EVP_sha512(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .unavailable
        }
        self.algorithm = algorithm
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // Fails only for a context without an algorithm.
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The digest of all that was given. Ends the calculation: what is added later is not in any digest.
    ///
    /// - Throws: ``DigestError`` when the system's cryptography gives no hash.
    public mutating func finish() throws(DigestError) -> Digest {
        var hash = [UInt8](repeating: 0, count: 64)
        var count: UInt32 = 0
        let done = EVP_DigestFinal_ex(context, &hash, &count)
        guard done == 1, let digest = Digest(algorithm, hash: hash.prefix(Int(count))) else { throw .unavailable }
        return digest
    }
}

/// The system's cryptography library does not do what is asked of it.
public enum DigestError: Error, CustomStringConvertible {
    case unavailable

    public var description: String { "compute digest: the system's libcrypto refuses the algorithm" }
}

extension Digest {
    /// The digest of bytes in memory.
    public init(of bytes: [UInt8], _ algorithm: Algorithm = .sha256) throws(DigestError) {
        var digester = try Digester(algorithm)
        digester.update(bytes)
        self = try digester.finish()
    }
}
