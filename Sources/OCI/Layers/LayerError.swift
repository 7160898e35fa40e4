public import Linux

/// Why a layer was not made, read or unpacked: "verb object: cause", one line.
public struct LayerError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// The archive is damaged, hostile, or not what was promised.
        case refused
        /// A file system says no.
        case failed(Errno)
        /// Memory, threads or the system's libraries.
        case unavailable
    }

    public let kind: Kind
    public let verb: String
    /// A path as bytes, or empty.
    public let object: [UInt8]
    public let cause: String

    public var description: String {
        object.isEmpty ? "\(verb): \(cause)" : "\(verb) \(printable(String(decoding: object, as: UTF8.self))): \(cause)"
    }

    /// For who reads a layer through a ``LayerReader`` and finds it wanting.
    public init(refusing verb: String, _ cause: String) { self.init(.refused, verb, [], cause) }

    package init(_ verb: String, _ object: [UInt8], _ errno: Errno) {
        self.init(.failed(errno), verb, object, errno.description)
    }

    package init(_ kind: Kind, _ verb: String, _ cause: String) { self.init(kind, verb, [], cause) }

    package init(_ kind: Kind, _ verb: String, _ object: [UInt8], _ cause: String) {
        self.kind = kind
        self.verb = verb
        self.object = object
        self.cause = cause
    }
}

/// Runs file system calls for one object; their error numbers become a ``LayerError`` that names it.
@discardableResult
func naming<Result: ~Copyable>(
    _ verb: String, _ object: [UInt8], _ body: () throws(Errno) -> Result
) throws(LayerError) -> Result {
    do throws(Errno) { return try body() } catch { throw LayerError(verb, object, error) }
}

/// A name as system calls take it.
func path(_ name: some Sequence<UInt8>) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }
