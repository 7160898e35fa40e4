/// How long a transfer may do nothing. A slow server is none of these: as long as bytes move, the transfer goes on.
public struct Patience: Sendable {
    /// For the name, the connection and TLS together.
    public var connect: Duration = .seconds(30)
    /// Without one byte in either direction, or without the first byte of the answer to a request without a body.
    public var stall: Duration = .seconds(60)
    /// From the last byte of a request's body to the first byte of the answer: a registry verifies a blob in that time.
    public var answer: Duration = .seconds(600)

    public init() {}
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedReportingOverflow(by: 1000).overflow
            ? .max : seconds * 1000 &+ attoseconds / 1_000_000_000_000_000
    }
}
