import Synchronization

/// Ends selecting and copying early, from another thread: they notice it at the next file, and throw.
public final class Interruption: Sendable {
    private let isSet = Atomic<Bool>(false)

    public init() {}

    public func interrupt() { isSet.store(true, ordering: .relaxed) }

    func check() throws(BuildError) {
        if isSet.load(ordering: .relaxed) { throw BuildError("interrupted") }
    }
}
