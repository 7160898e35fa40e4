import Glibc

/// Sends HTTP requests: follows redirects, waits and tries again where that may help.
public final class HTTPClient: Sendable {
    private let engine: Engine
    public let retries: Retries

    /// - Parameter environment: where proxies and certificates are named; normally the process's own. Proxies other than
    ///   `HTTP_PROXY` are read by libcurl from the process itself.
    /// - Throws: ``TransferError`` when no thread can be started.
    public init(
        trust: Trust, patience: Patience = Patience(), retries: Retries = Retries(), environment: Environment = .process
    ) throws(TransferError) {
        engine = try Engine(EngineSettings(trust: trust, patience: patience, environment: environment))
        self.retries = retries
    }

    /// The answer to a request, whatever its status.
    ///
    /// A redirect is followed at most ten times. `Authorization` goes to the origin it was meant for and to no other; an
    /// encrypted connection never leads to one that is not. Connection errors and the statuses 408, 429, 500, 502, 503
    /// and 504 are tried again as ``Retries`` says; the last answer is returned.
    ///
    /// - Throws: ``TransferError`` when there is no answer.
    public func send(_ request: Request) async throws(TransferError) -> Response {
        try await send(request, retries)
    }

    /// The same with other ``Retries``.
    func send(_ request: Request, _ retries: Retries) async throws(TransferError) -> Response {
        var attempt = 1
        while true {
            let wait: Duration
            do throws(TransferError) {
                let response = try await follow(request)
                guard let pause = retries.pause(after: attempt, response.head) else { return response }
                wait = pause
            } catch {
                guard let pause = retries.pause(after: attempt, error) else { throw error }
                wait = pause
            }
            do { try await Task.sleep(for: wait) } catch { throw TransferError(.cancelled, "cancelled") }
            attempt += 1
        }
    }

    private func follow(_ request: Request) async throws(TransferError) -> Response {
        var request = request
        for _ in 0...10 {
            let exchange = engine.start(request)
            let response = Response(head: try await exchange.head(), address: request.address, exchange: exchange)
            guard let next = try Redirect.next(request, response.head) else { return response }
            await response.discard()
            request = next
        }
        throw TransferError(.redirect, "redirected more than ten times, last to \(request.address)")
    }
}
