internal import Linux

/// Work that is asynchronous, for a stage's thread, which is its own.
func awaiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws(BuildError) -> Value {
    let outcome = Locked<Result<Value, any Error>?>(nil)
    let monitor = Monitor()
    Task.detached {
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        monitor.lock()
        outcome.withLock { $0 = result }
        monitor.wakeAll()
        monitor.unlock()
    }
    monitor.lock()
    while outcome.withLock({ $0 == nil ? true : false }) { monitor.wait() }
    monitor.unlock()
    switch outcome.withLock({ $0 }) {
    case .success(let value)?: return value
    case .failure(let error)?: throw (error as? BuildError) ?? BuildError("\(error)")
    case nil: throw BuildError("build: interrupted")
    }
}
