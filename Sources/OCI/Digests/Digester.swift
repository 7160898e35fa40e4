internal import CCrypto

/// Hashes bytes as they pass.
public struct Digester: ~Copyable {
    public let algorithm: Digest.Algorithm
    private let context: OpaquePointer

    /// - Throws: ``DigestError`` without memory.
    public init(_ algorithm: Digest.Algorithm = .sha256) throws(DigestError) {
        guard let context = cx_digester_new(algorithm == .sha256 ? 256 : 512) else { throw .unavailable }
        self.algorithm = algorithm
        self.context = context
    }

    deinit { cx_digester_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        cx_digester_update(context, bytes.baseAddress, bytes.count)
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The digest of all that was given. Ends the calculation: what is added later is not in any digest.
    ///
    /// - Throws: ``DigestError`` for a hash that is none of the algorithm's.
    public mutating func finish() throws(DigestError) -> Digest {
        var hash = [UInt8](repeating: 0, count: algorithm.digits / 2)
        cx_digester_finish(context, &hash)
        guard let digest = Digest(algorithm, hash: hash[...]) else { throw .unavailable }
        return digest
    }
}

/// A hash cannot be calculated.
public enum DigestError: Error, CustomStringConvertible {
    case unavailable

    public var description: String { "compute digest: no memory" }
}

extension Digest {
    /// The digest of bytes in memory.
    public init(of bytes: [UInt8], _ algorithm: Algorithm = .sha256) throws(DigestError) {
        var digester = try Digester(algorithm)
        digester.update(bytes)
        self = try digester.finish()
    }
}
