/// Status and headers of an answer.
public struct ResponseHead: Sendable {
    public let status: Int
    public let headers: Headers

    /// `Content-Length`, where it is a number.
    public var length: Int64? { headers["Content-Length"].flatMap { Int64($0) } }
}

/// An answer whose body is still coming. Dropping it ends the transfer.
public final class Response: Sendable {
    public let head: ResponseHead
    /// Where the answer came from, after redirects.
    public let address: Address
    private let exchange: Exchange

    init(head: ResponseHead, address: Address, exchange: Exchange) {
        self.head = head
        self.address = address
        self.exchange = exchange
    }

    deinit { exchange.cancel() }

    /// The next bytes of the body, as they came; nil at its end. For one task at a time.
    ///
    /// - Throws: ``TransferError`` when the connection breaks, stalls, or the task is cancelled.
    public func next() async throws(TransferError) -> [UInt8]? { try await exchange.next() }

    /// Reads a body that nobody wants, if it is small: then its connection can be used again.
    func discard() async { _ = try? await body(atMost: 64 << 10) }

    /// The whole body.
    ///
    /// - Throws: ``TransferError`` of kind `answer` for more than `limit` bytes.
    public func body(atMost limit: Int) async throws(TransferError) -> [UInt8] {
        if let length = head.length, length > limit { throw Self.tooLarge(limit) }
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            guard bytes.count + chunk.count <= limit else { throw Self.tooLarge(limit) }
            bytes += chunk
        }
        return bytes
    }

    private static func tooLarge(_ limit: Int) -> TransferError {
        TransferError(.answer, "the answer is larger than \(limit) bytes")
    }
}
