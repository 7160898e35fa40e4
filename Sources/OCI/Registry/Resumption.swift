/// How far a transfer that may be cut has come, and whether it is worth going on: attempts count only while they bring
/// nothing.
struct Resumption {
    /// An attempt that brings less than this is counted.
    private static let progress: Int64 = 1 << 20

    private let retries: Retries
    var position: Int64
    private var counted: Int64
    private var attempt = 1

    init(_ retries: Retries, at position: Int64) {
        self.retries = retries
        self.position = position
        counted = position
    }

    /// Waits before the next attempt.
    ///
    /// - Throws: the failure, when no attempt is left.
    mutating func wait(_ failure: RegistryFailure) async throws(RegistryFailure) {
        if position &- counted >= Self.progress { attempt = 1 }
        counted = position
        guard let pause = retries.pause(after: attempt) else { throw failure }
        attempt += 1
        try await Repository.wait(pause)
    }
}
