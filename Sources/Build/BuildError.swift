public import Dockerfile
import OCI
public import Linux

/// Why a build cannot go on: one line, `FILE:LINE: verb object: cause`.
public struct BuildError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Of the instruction at fault; nil where none is, or somebody above adds it.
    public var location: SourceLocation?
    /// The error number, where a file system said no.
    public let errno: Errno?
    /// Without the place.
    public let message: String

    public init(_ message: String, at location: SourceLocation? = nil) {
        self.location = location
        self.message = message
        errno = nil
    }

    /// - Parameter object: a path or another text from outside, as bytes.
    public init(_ verb: String, _ object: [UInt8], _ cause: String) {
        self.init(object.isEmpty ? "\(verb): \(cause)" : "\(verb) \(displayed(object)): \(cause)")
    }

    public init(_ verb: String, _ object: [UInt8], _ errno: Errno) {
        location = nil
        message = object.isEmpty ? "\(verb): \(errno)" : "\(verb) \(displayed(object)): \(errno)"
        self.errno = errno
    }

    /// The same, blamed on an instruction unless it is blamed on one already.
    public func at(_ location: SourceLocation) -> BuildError {
        var error = self
        error.location = self.location ?? location
        return error
    }

    public var description: String {
        location.map { "\($0.file):\($0.firstLine): \(message)" } ?? message
    }
}

/// Bytes from outside as part of a message.
func displayed(_ bytes: [UInt8]) -> String { printable(String(decoding: bytes, as: UTF8.self)) }

/// Runs file system calls for one object; their error numbers become a ``BuildError`` that names it.
@discardableResult
func naming<Result: ~Copyable>(
    _ verb: String, _ object: [UInt8], _ body: () throws(Errno) -> Result
) throws(BuildError) -> Result {
    do throws(Errno) { return try body() } catch { throw BuildError(verb, object, error) }
}
