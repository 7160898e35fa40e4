import CLinux
import Glibc
import Linux
import OCI

/// One line on the terminal for all blobs that are on their way, to a registry or to a layer's directory; nothing where standard
/// error is no terminal.
final class TransferDisplay: Sendable {
    private struct State {
        var blobs: [Digest: TransferProgress] = [:]
        var drawn = ContinuousClock.now - .seconds(1)
        var started = ContinuousClock.now
        var moved: Int64 = 0
        var isHidden = false
    }

    private let title: String
    private let state = Locked(State())
    private let isVisible = isatty(2) == 1

    /// - Parameter hidden: nothing is drawn before ``show()``.
    init(_ title: String, hidden: Bool = false) {
        self.title = title
        state.withLock { $0.isHidden = hidden }
    }

    func show() {
        state.withLock { state in
            state.isHidden = false
            state.started = .now
            state.moved = 0
        }
    }

    var observer: TransferObserver { { self.take($0) } }

    private func take(_ progress: TransferProgress) {
        guard isVisible else { return }
        let line = state.withLock { state -> String? in
            if case .moving(let now) = progress.state {
                var before: Int64 = 0
                if case .moving(let then) = state.blobs[progress.blob.digest]?.state { before = then }
                state.moved += max(0, now - before)
            }
            state.blobs[progress.blob.digest] = progress
            let now = ContinuousClock.now
            guard !state.isHidden, now - state.drawn > .milliseconds(100) else { return nil }
            state.drawn = now
            return self.line(state)
        }
        if let line { draw("\r\(line)\u{1b}[K") }
    }

    /// Takes the line away.
    func end() { if isVisible { draw("\r\u{1b}[K") } }

    private func draw(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { cl_write(2, $0.baseAddress, $0.count) }
    }

    private func line(_ state: State) -> String {
        var total: Int64 = 0
        var done: Int64 = 0
        var complete = 0
        for progress in state.blobs.values {
            total += progress.blob.size
            switch progress.state {
            case .waiting: break
            case .moving(let bytes): done += bytes
            case .existed, .mounted, .done:
                done += progress.blob.size
                complete += 1
            }
        }
        let seconds = (ContinuousClock.now - state.started) / .seconds(1)
        let rate = seconds > 0.5 ? ", \(Self.bytes(Int64(Double(state.moved) / seconds)))/s" : ""
        return "\(title): \(complete)/\(state.blobs.count) blobs, \(Self.bytes(done)) of \(Self.bytes(total))\(rate)"
    }

    private static func bytes(_ count: Int64) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB"] {
            if value < 1024 { return "\(unit == "B" ? "\(count)" : tenths(value)) \(unit)" }
            value /= 1024
        }
        return "\(tenths(value)) GiB"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
