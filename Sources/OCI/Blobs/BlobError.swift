public import Linux

/// Why a blob was not kept or not found.
public enum BlobError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The content is other content.
    case wrongDigest(Digest, expected: Digest)
    case wrongSize(Int64, expected: Int64)
    case missing(Digest)
    /// Something other than a file lies where the blob should.
    case noFile(Digest)
    case failed(String, Errno)
    case unavailable(String)

    public var description: String {
        switch self {
        case .wrongDigest(let actual, let expected):
            return "keep blob \(expected): wrong content: its digest is \(actual)"
        case .wrongSize(let actual, let expected):
            return "keep blob: wrong size: \(actual) bytes where \(expected) are promised"
        case .missing(let digest): return "open blob \(digest): it is missing"
        case .noFile(let digest): return "open blob \(digest): it is no file"
        case .failed(let action, let errno): return "\(action): \(errno)"
        case .unavailable(let cause): return cause
        }
    }

    /// Gives an error number its action.
    @discardableResult
    static func naming<Result: ~Copyable>(
        _ action: @autoclosure () -> String, _ body: () throws(Errno) -> Result
    ) throws(BlobError) -> Result {
        do throws(Errno) { return try body() } catch { throw .failed(action(), error) }
    }
}
