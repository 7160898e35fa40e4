import Analysis
import Build
import Glibc
import Linux

/// A build on a terminal: what is done and what went wrong above, what is being done beneath, until it ends.
final class LivePicture: Sendable {
    private struct Step {
        var title: String
        let started = ContinuousClock.now
        var output = CommandText()
    }

    private struct State {
        var steps: [Int: Step] = [:]
        var area = LiveArea()
        var drawn = ContinuousClock.now - .seconds(1)
        var isOver = false
    }

    private let state = Locked(State())

    init() {
        // Time passes also where nothing happens.
        DetachedThread.start { [self] in while tick() { usleep(100_000) } }
    }

    func take(_ event: BuildEvent) {
        state.withLock { state in
            let permanent = lines(of: event, &state)
            guard !permanent.isEmpty || ContinuousClock.now - state.drawn > .milliseconds(80) else { return }
            draw(&state, after: permanent)
        }
    }

    /// Nothing is drawn anew any more.
    func end() {
        state.withLock { state in
            state.isOver = true
            state.steps = [:]
            draw(&state)
        }
    }

    private func tick() -> Bool {
        state.withLock { state in
            if !state.steps.isEmpty { draw(&state) }
            return !state.isOver
        }
    }

    /// Takes an event in.
    ///
    /// - Returns: what is said of it for good.
    private func lines(of event: BuildEvent, _ state: inout State) -> [String] {
        switch event {
        case .started(let step, let title): state.steps[step] = Step(title: title)
        case .missed: break
        case .output(let step, let bytes): _ = state.steps[step]?.output.take(bytes)
        case .cached(let step):
            guard let here = state.steps.removeValue(forKey: step) else { return [] }
            return [Self.line("34", "✔", "CACHED \(here.title)")]
        case .finished(let step, let seconds):
            guard let here = state.steps.removeValue(forKey: step) else { return [] }
            return [Self.line("32", "✔", here.title, " \(Tenths.text(seconds))s")]
        case .cancelled(let step):
            guard let here = state.steps.removeValue(forKey: step) else { return [] }
            return [Self.line("33", "■", here.title, " cancelled")]
        case .failed(let step, let message):
            guard var here = state.steps.removeValue(forKey: step) else { return [] }
            _ = here.output.finish()
            return [Self.line("31", "✘", here.title)] + here.output.tail.map { "  \($0)" } + [
                "  \(Self.brief(message))"
            ]
        case .warning(let text): return ["\u{1b}[33m!\u{1b}[0m \(text)"]
        }
        return []
    }

    /// A line of a step, cut to the terminal's width.
    private static func line(_ colour: String, _ mark: String, _ title: String, _ end: String = "") -> String {
        let columns = LiveArea.size.columns
        return "\u{1b}[\(colour)m\(mark)\u{1b}[0m \(TextWidth.cut(title, columns - 3 - end.count))\(end)"
    }

    /// A message in one line of the terminal, if its cause leaves room; the build's last line is the whole of it.
    private static func brief(_ message: String) -> String {
        guard let colon = message.lastIndex(of: ":") else { return message }
        let cause = message[colon...]
        let room = LiveArea.size.columns - 3 - TextWidth.columns(String(cause))
        return room < 20 ? message : TextWidth.cut(String(message[..<colon]), room) + cause
    }

    private func draw(_ state: inout State, after permanent: [String] = []) {
        let size = LiveArea.size
        let steps = state.steps.sorted { $0.key < $1.key }.map(\.value)
        let height = max(1, size.rows - 2)
        var lines: [(text: String, isDim: Bool)] = []
        for step in steps.prefix(steps.count > height ? height - 1 : height) {
            let time = " \(Tenths.text((ContinuousClock.now - step.started) / .seconds(1)))s"
            lines.append(("  \(TextWidth.cut(step.title, size.columns - 3 - time.count))\(time)", false))
            if steps.count * 2 <= height, let last = step.output.current {
                lines.append(("    \(TextWidth.cut(last, size.columns - 5))", true))
            }
        }
        if steps.count > lines.count { lines.append(("  and \(steps.count - lines.count) more", true)) }
        state.area.show(lines, after: permanent)
        state.drawn = .now
    }
}
