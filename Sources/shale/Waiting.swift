import Linux
import OCI

/// The bridge from a command, which runs on the main thread, to what is asynchronous. Namespaces are entered before any
/// command runs, so that threads may exist from here on.
func waiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    Task.detached {
        do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
    }
    return try outcome.wait().get()
}

/// The same for work with registries: what goes wrong becomes the one line that the user sees.
func reporting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    do {
        return try waiting(body)
    } catch let failure as Failure {
        throw failure
    } catch let error as RegistryError {
        guard case .unauthorized = error.reason else { throw Failure.failed("\(error)") }
        let host = error.place.prefix { $0 != "/" }
        throw Failure.failed("\(error); shale login \(host) keeps credentials for it")
    } catch {
        throw Failure.failed("\(error)")
    }
}

/// A result that one thread waits for.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    // Guarded by `monitor`.
    private var result: Result<Value, any Error>?

    func set(_ value: Result<Value, any Error>) {
        monitor.lock()
        result = value
        monitor.wakeAll()
        monitor.unlock()
    }

    func wait() -> Result<Value, any Error> {
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if let result { return result }
            monitor.wait()
        }
    }
}
