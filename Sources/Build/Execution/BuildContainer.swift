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

    /// - Parameter before: how often it was to end without doing so.
    func end(before: Int) {
        runtime.clean(id: id, in: bundle)
        // bwrap(1) takes with it all that it started. Whatever else the runtime knows of the container may be lost; then the
        // processes that it started are all there is to go by, and the first of a container takes the others with it.
        guard runtime.kind == .bwrap || before > 50 else { return }
        process.withLock { runner in
            guard let runner else { return }
            for child in Self.children(of: runner) { _ = kill(child, SIGKILL) }
            _ = kill(runner, SIGKILL)
        }
    }

    /// Each thread has its own (proc(5), /proc/pid/task/tid/children).
    private static func children(of process: Int32) -> [Int32] {
        var children: [Int32] = []
        guard let tasks = try? FD.workingDirectory.open("/proc/\(process)/task", [.readOnly, .directory]) else {
            return []
        }
        try? tasks.fd.forEachEntry { entry in
            let path = (Array(entry.name) + Array("/children".utf8)).cPath
            let bytes = try? tasks.fd.contents(of: path, atMost: 1 << 16)
            children += String(decoding: bytes ?? [], as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
            return true
        }
        return children
    }
}
