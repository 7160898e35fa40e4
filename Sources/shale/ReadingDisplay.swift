import Analysis
import CLinux
import Glibc
import Linux

/// One line on the terminal while an image is read; nothing where standard error is no terminal, or it takes less than a second.
final class ReadingDisplay: Sendable {
    private let drawn: Locked<ContinuousClock.Instant>
    private let isVisible = isatty(2) == 1

    init() { drawn = Locked(.now + .milliseconds(900)) }

    var observer: @Sendable (LayerPass.Progress) -> Void {
        { progress in
            guard self.isVisible else { return }
            let isDue = self.drawn.withLock { next in
                guard next <= .now else { return false }
                next = .now + .milliseconds(100)
                return true
            }
            if isDue { self.draw("\rreading layers: \(Self.line(progress))\u{1b}[K") }
        }
    }

    private static func line(_ progress: LayerPass.Progress) -> String {
        let percent = progress.bytes > 0 ? min(100, progress.bytesDone / max(1, progress.bytes / 100)) : 0
        return "\(progress.layersDone) of \(progress.layers), \(percent) %"
    }

    /// Takes the line away.
    func end() { if isVisible { draw("\r\u{1b}[K") } }

    private func draw(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { cl_write(2, $0.baseAddress, $0.count) }
    }
}
