internal import Linux

/// Why the store did not do something: "verb object: cause", one line.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// The store has no such thing.
        case missing
        /// What the store holds is not what it should be.
        case damaged
        /// A file system, the database or memory says no.
        case failed
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ action: String, _ errno: Errno) { self.init(.failed, "\(action): \(errno)") }

    /// Gives an error number its action.
    @discardableResult
    static func naming<Result: ~Copyable>(
        _ action: @autoclosure () -> String, _ body: () throws(Errno) -> Result
    ) throws(StoreError) -> Result {
        do throws(Errno) { return try body() } catch { throw StoreError(action(), error) }
    }

    /// Errors of other rooms say what they were about themselves.
    @discardableResult
    static func wrapping<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
        _ kind: Kind = .damaged, _ body: () throws(Failure) -> Result
    ) throws(StoreError) -> Result {
        do throws(Failure) { return try body() } catch {
            if case .missing? = error as? BlobError { throw StoreError(.missing, error.description) }
            throw StoreError(kind, error.description)
        }
    }
}
