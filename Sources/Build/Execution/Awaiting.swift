internal import Linux

/// Work that is asynchronous, for a stage's thread, which is its own. An interruption ends the waiting, and tells the work.
func awaiting<Value: Sendable>(
    _ interruption: Interruption = Interruption(), _ body: @escaping @Sendable () async throws -> Value
) throws(BuildError) -> Value {
    let outcome = Locked<Result<Value, any Error>?>(nil)
    let monitor = Monitor()
    @Sendable func settle(_ result: Result<Value, any Error>) {
        monitor.lock()
        outcome.withLock { $0 = $0 ?? result }
        monitor.wakeAll()
        monitor.unlock()
    }
    let task = Task.detached {
        do { settle(.success(try await body())) } catch { settle(.failure(error)) }
    }
    let number = interruption.add {
        task.cancel()
        settle(.failure(Interruption.error))
    }
    defer { interruption.remove(number) }
    monitor.lock()
    while outcome.withLock({ $0 == nil ? true : false }) { monitor.wait() }
    monitor.unlock()
    switch outcome.withLock({ $0 }) {
    case .success(let value)?: return value
    case .failure(let error)?: throw (error as? BuildError) ?? BuildError("\(error)")
    case nil: throw Interruption.error
    }
}
