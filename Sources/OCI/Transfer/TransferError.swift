/// Why an HTTP exchange gave no answer, or not all of it. An HTTP status is not such an error.
public struct TransferError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// No connection: name not found, refused, unreachable, not in time.
        case connection
        /// The connection was cut before the answer was complete.
        case cut
        /// Nothing moved for the time that ``Patience`` states.
        case stalled
        /// The server does not speak TLS, or no version of it that we do.
        case noTLS
        /// The server's certificate is not trusted.
        case certificate
        /// The server's answer is no HTTP, or breaks a limit.
        case answer
        /// A redirect that must not be followed.
        case redirect
        /// Our own side: a file that cannot be read, a certificate that cannot be loaded.
        case local
        case cancelled
    }

    public let kind: Kind
    /// One line, without the address.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Whether the same request may well succeed a little later.
    public var passes: Bool { kind == .connection || kind == .cut || kind == .stalled }
}
