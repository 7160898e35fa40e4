import CLinux
import Glibc
import Linux
import UnionFuse

/// From when a mount begins to be made until somebody ends it. SIGTERM and SIGINT take it away, and then the workers end by
/// themselves (SEMANTICS 11.2); before it is there they end the process, and nobody else's mount is touched.
final class MountLife: Sendable {
    private enum Phase { case starting, attaching, mounted }
    private struct State {
        var phase: Phase
        var isEnding = false
    }

    private let mountPoint: [UInt8]
    private let state: Locked<State>
    private let abandon: @Sendable () -> Void

    /// `abandon`: what is left to do where it ends before it was mounted.
    init(_ mountPoint: [UInt8], isMounted: Bool, abandon: @escaping @Sendable () -> Void) {
        self.mountPoint = mountPoint
        self.abandon = abandon
        state = Locked(State(phase: isMounted ? .mounted : .starting))
    }

    /// Mounts by `body`; false where somebody has ended it meanwhile, and the mount is gone again.
    func attach(_ body: () throws(Errno) -> Void) -> Result<Bool, Errno> {
        state.withLock { $0.phase = .attaching }
        do throws(Errno) { try body() } catch { return .failure(error) }
        let isEnding = state.withLock { state in
            state.phase = .mounted
            return state.isEnding
        }
        if isEnding { try? Mounting.unmount(mountPoint, lazily: true) }
        return .success(!isEnding)
    }

    private func end() {
        let phase = state.withLock { state in
            state.isEnding = true
            return state.phase
        }
        switch phase {
        case .starting:
            abandon()
            cl_exit_now(1)
        case .attaching: break
        case .mounted: try? Mounting.unmount(mountPoint, lazily: true)
        }
    }

    /// Waits for the signals, which are blocked, in a thread of its own.
    func watch() {
        DetachedThread.start { [self] in
            while cl_wait_termination() < 0 {}
            end()
            // Who still holds files open keeps the server; a second signal ends it.
            while cl_wait_termination() < 0 {}
            cl_exit_now(1)
        }
    }

    /// The end of whoever holds the other end of the socket is as good as a signal.
    static func watch(tie: Int32) {
        DetachedThread.start {
            var byte: UInt8 = 0
            var count: Int64
            repeat { count = cl_read(tie, &byte, 1) } while count == -4 || count > 0
            kill(getpid(), SIGTERM)
        }
    }
}
