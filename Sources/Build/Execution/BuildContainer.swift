internal import Containers
import Glibc
internal import Linux

/// The container of a `RUN`, as far as it takes to end it.
final class BuildContainer: Sendable {
    let id: String
    private let runtime: Runtime
    let bundle: [UInt8]
    private let process = Locked<Int32?>(nil)

    init(_ id: String, _ runtime: Runtime, in bundle: [UInt8]) {
        self.id = id
        self.runtime = runtime
        self.bundle = bundle
    }

    /// It is waited for: its number stays its own until then.
    func started(_ id: Int32) { process.withLock { $0 = id } }

    func isReaped() { process.withLock { $0 = nil } }

    func end() {
        runtime.clean(id: id, in: bundle)
        // bwrap(1) has no other way, and takes with it all that it started.
        if runtime.kind == .bwrap { process.withLock { if let id = $0 { _ = kill(id, SIGKILL) } } }
    }
}
