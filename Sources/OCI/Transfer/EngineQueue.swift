import CCurl
import Linux

/// What tasks ask of the engine's thread. Safe from any thread, also after the engine has ended: then nothing happens,
/// and a transfer that would start ends at once.
final class EngineQueue: @unchecked Sendable {
    enum Command {
        case start(Exchange)
        case resume(Exchange)
        case cancel(Exchange)
        case stop
    }

    private struct State {
        var commands: [Command] = []
        /// libcurl's multi handle, only to wake it; nil once the thread is about to free it.
        var multi: UnsafeMutableRawPointer?
    }

    // Guards `commands` and `multi`; held while the handle is woken, so that it cannot be freed meanwhile.
    private let state: Locked<State>

    init(_ multi: UnsafeMutableRawPointer) { state = Locked(State(multi: multi)) }

    func send(_ command: Command) {
        let refused = state.withLock { state in
            guard let multi = state.multi else { return true }
            state.commands.append(command)
            cc_multi_wakeup(multi)
            return false
        }
        if refused, case .start(let exchange) = command { exchange.finish(.failure(Self.ended)) }
    }

    func take() -> [Command] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// After this no command arrives; those that came last are returned.
    func close() -> [Command] {
        state.withLock { state in
            state.multi = nil
            defer { state.commands = [] }
            return state.commands
        }
    }

    static let ended = TransferError(.cancelled, "the transfer engine has ended")
}
