import Linux

/// One request on its way and its answer coming in: shared by the engine's thread, which fills it, and by the task that
/// waits for it. What has arrived and was not taken is bounded: above ``high`` the connection is paused, so that a slow
/// reader slows the sender down.
final class Exchange: Sendable {
    /// Bytes that may lie here before the connection is paused, and at which it goes on.
    static let high = 2 << 20
    static let low = 512 << 10

    let request: Request
    private let engine: EngineQueue
    private let state = Locked(State())

    private struct State {
        var head: ResponseHead?
        var headWaiter: CheckedContinuation<Result<ResponseHead, TransferError>, Never>?
        /// What has arrived; the first ``taken`` were taken, and are empty.
        var chunks: [[UInt8]] = []
        var taken = 0
        var buffered = 0
        var chunkWaiter: CheckedContinuation<Result<[UInt8]?, TransferError>, Never>?
        var end: Result<Void, TransferError>?
        var paused = false
    }

    init(_ request: Request, engine: EngineQueue) {
        self.request = request
        self.engine = engine
    }

    // MARK: The task's side

    /// The final status and headers; the body comes by ``next()``.
    func head() async throws(TransferError) -> ResponseHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Result<ResponseHead, TransferError>? in
                    if let head = state.head { return .success(head) }
                    if let end = state.end { return Self.missing(end) }
                    state.headWaiter = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The next bytes of the body; nil at its end.
    func next() async throws(TransferError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                var goesOn = false
                let known = state.withLock { state -> Result<[UInt8]?, TransferError>? in
                    if state.taken < state.chunks.count {
                        var chunk: [UInt8] = []
                        swap(&chunk, &state.chunks[state.taken])
                        state.taken += 1
                        if state.taken == state.chunks.count || state.taken == 64 {
                            state.chunks.removeFirst(state.taken)
                            state.taken = 0
                        }
                        state.buffered -= chunk.count
                        goesOn = state.paused && state.buffered <= Self.low
                        if goesOn { state.paused = false }
                        return .success(chunk)
                    }
                    if let end = state.end { return end.map { nil } }
                    state.chunkWaiter = continuation
                    return nil
                }
                if goesOn { engine.send(.resume(self)) }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Ends the exchange, wherever it is.
    func cancel() {
        if state.withLock({ $0.end != nil }) { return }
        finish(.failure(TransferError(.cancelled, "cancelled")))
        engine.send(.cancel(self))
    }

    // MARK: The engine's side

    func deliver(_ head: ResponseHead) {
        let waiter = state.withLock { state in
            if state.head == nil { state.head = head }
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: .success(head))
    }

    /// False when there is no room: the connection is to pause, and gives the same bytes again.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (accepted, waiter) = state.withLock { state in
            if let waiter = state.chunkWaiter {
                state.chunkWaiter = nil
                return (true, waiter as CheckedContinuation<Result<[UInt8]?, TransferError>, Never>?)
            }
            guard state.buffered < Self.high else {
                state.paused = true
                return (false, nil)
            }
            state.chunks.append(Array(bytes))
            state.buffered += bytes.count
            return (true, nil)
        }
        waiter?.resume(returning: .success(Array(bytes)))
        return accepted
    }

    /// The first end counts.
    func finish(_ end: Result<Void, TransferError>) {
        let waiters = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { (state.headWaiter, state.chunkWaiter) = (nil, nil) }
            return (state.headWaiter, state.chunkWaiter)
        }
        waiters.0?.resume(returning: Self.missing(end))
        waiters.1?.resume(returning: end.map { nil })
    }

    var isPaused: Bool { state.withLock { $0.paused } }

    private static func missing(_ end: Result<Void, TransferError>) -> Result<ResponseHead, TransferError> {
        end.flatMap { .failure(TransferError(.answer, "the server gave no answer")) }
    }
}
