public import Linux
public import OCI

/// Why nothing was run, mounted or committed: "verb object: cause", one line.
public struct ContainerError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// There is no such container, or the image has no such file or user.
        case missing
        /// The image's program is there, but cannot be run.
        case notExecutable
        case failed
    }

    public let kind: Kind
    public let description: String

    public init(_ kind: Kind = .failed, _ description: String) {
        self.kind = kind
        self.description = description
    }

    public init(_ error: StoreError) { self.init(error.kind == .missing ? .missing : .failed, error.description) }

    /// Gives an error number its action.
    @discardableResult
    public static func naming<Result: ~Copyable>(
        _ action: @autoclosure () -> String, _ body: () throws(Errno) -> Result
    ) throws(ContainerError) -> Result {
        do throws(Errno) { return try body() } catch { throw ContainerError(.failed, "\(action()): \(error)") }
    }

    /// Errors of other rooms say what they were about themselves.
    @discardableResult
    public static func wrapping<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> Result
    ) throws(ContainerError) -> Result {
        do throws(Failure) { return try body() } catch {
            throw (error as? StoreError).map { ContainerError($0) } ?? ContainerError(.failed, error.description)
        }
    }
}
