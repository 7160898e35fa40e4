import Linux

/// Ends selecting, copying and waiting early, from another thread: they notice it at the next file or piece of one, and throw.
public final class Interruption: Sendable {
    private let state = Locked(State())

    private struct State {
        var isSet = false
        var handlers: [Int: @Sendable () -> Void] = [:]
        var next = 0
    }

    static var error: BuildError { BuildError("interrupted") }

    public init() {}

    public func interrupt() {
        let handlers = state.withLock { state in
            state.isSet = true
            return Array(state.handlers.values)
        }
        for handler in handlers { handler() }
    }

    var happened: Bool { state.withLock { $0.isSet } }

    func check() throws(BuildError) { if happened { throw Self.error } }

    /// Has something called by the interruption, at once where that has been.
    ///
    /// - Returns: what ``remove(_:)`` takes.
    func add(_ handler: @escaping @Sendable () -> Void) -> Int {
        let (number, isLate) = state.withLock { state in
            state.next += 1
            state.handlers[state.next] = handler
            return (state.next, state.isSet)
        }
        if isLate { handler() }
        return number
    }

    func remove(_ number: Int) { state.withLock { $0.handlers[number] = nil } }
}
