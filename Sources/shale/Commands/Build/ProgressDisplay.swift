import ArgumentParser
import Build
import CLinux
import Glibc
import Linux
import OCI

enum ProgressMode: String, ExpressibleByArgument, CaseIterable {
    case auto, plain, tty, json, quiet
}

/// A build as it goes, on standard error: lines that can be read anywhere, a live picture, or JSON.
final class ProgressDisplay: Sendable {
    private let mode: ProgressMode
    private let state = Locked(State())

    private struct Step {
        var title: String
        let started = ContinuousClock.now
        /// The end of what its command wrote, for a failure and for the live picture.
        var tail: [String] = []
        var unfinished: [UInt8] = []
        var reason: String?
    }

    private struct State {
        var steps: [Int: Step] = [:]
        var drawnLines = 0
        var drawn = ContinuousClock.now - .seconds(1)
    }

    init(_ mode: ProgressMode) { self.mode = mode == .auto ? (isatty(2) == 1 ? .tty : .plain) : mode }

    var observer: BuildObserver { { self.take($0) } }

    private func take(_ event: BuildEvent) {
        state.withLock { state in
            switch mode {
            case .quiet: quiet(event, &state)
            case .json: print(JSONEvent(event).json.text, to: 2)
            case .tty: live(event, &state)
            default: plain(event, &state)
            }
        }
    }

    /// Nothing more is drawn.
    func end() { state.withLock { clear(&$0) } }

    private func print(_ text: String, to fd: Int32) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { cl_write(fd, $0.baseAddress, $0.count) }
    }

    // MARK: Lines

    private func plain(_ event: BuildEvent, _ state: inout State) {
        switch event {
        case .started(let step, let title):
            state.steps[step] = Step(title: title)
            print("#\(step) \(title)", to: 2)
        case .cached(let step):
            print("#\(step) CACHED", to: 2)
            state.steps[step] = nil
        case .missed(let step, let reason): print("#\(step) not cached: \(reason)", to: 2)
        case .output(let step, let bytes):
            guard let started = state.steps[step]?.started else { return }
            let time = Self.seconds((ContinuousClock.now - started) / .seconds(1))
            for line in lines(bytes, step, &state) { print("#\(step) \(time) \(line)", to: 2) }
        case .finished(let step, let seconds):
            finishOutput(step, &state) { print("#\(step) \($0)", to: 2) }
            print("#\(step) DONE \(Self.seconds(seconds))s", to: 2)
            state.steps[step] = nil
        case .failed(let step, let message):
            finishOutput(step, &state) { print("#\(step) \($0)", to: 2) }
            print("#\(step) ERROR: \(message)", to: 2)
            state.steps[step] = nil
        case .warning(let text): print("WARNING: \(text)", to: 2)
        }
    }

    /// Whole lines of what came; the rest waits.
    private func lines(_ bytes: [UInt8], _ step: Int, _ state: inout State) -> [String] {
        guard var here = state.steps[step] else { return [] }
        here.unfinished += bytes
        var lines: [String] = []
        while let end = here.unfinished.firstIndex(of: 10) {
            lines.append(Self.shown(here.unfinished[..<end]))
            here.unfinished = Array(here.unfinished[(end + 1)...])
        }
        // A line without end is shown in pieces.
        if here.unfinished.count > 64 << 10 {
            lines.append(Self.shown(here.unfinished[...]))
            here.unfinished = []
        }
        here.tail = (here.tail + lines).suffix(20)
        state.steps[step] = here
        return lines
    }

    private func finishOutput(_ step: Int, _ state: inout State, _ emit: (String) -> Void) {
        guard let rest = state.steps[step]?.unfinished, !rest.isEmpty else { return }
        emit(Self.shown(rest[...]))
        state.steps[step]?.tail.append(Self.shown(rest[...]))
        state.steps[step]?.unfinished = []
    }

    /// A command's line without what would move the cursor.
    private static func shown(_ bytes: ArraySlice<UInt8>) -> String {
        let line = bytes.last == 13 ? bytes.dropLast() : bytes
        let last = line.lastIndex(of: 13).map { line[($0 + 1)...] } ?? line
        var result = ""
        for scalar in String(decoding: last, as: UTF8.self).unicodeScalars where scalar.value >= 32 || scalar == "\t" {
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    private static func seconds(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: Alive

    private func live(_ event: BuildEvent, _ state: inout State) {
        var permanent: [String] = []
        switch event {
        case .started(let step, let title): state.steps[step] = Step(title: title)
        case .cached(let step):
            if let title = state.steps[step]?.title { permanent = ["\u{1b}[34m✔\u{1b}[0m CACHED \(title)"] }
            state.steps[step] = nil
        case .missed(let step, let reason): state.steps[step]?.reason = reason
        case .output(let step, let bytes): _ = lines(bytes, step, &state)
        case .finished(let step, let seconds):
            if let title = state.steps[step]?.title {
                permanent = ["\u{1b}[32m✔\u{1b}[0m \(title) \(Self.seconds(seconds))s"]
            }
            state.steps[step] = nil
        case .failed(let step, let message):
            finishOutput(step, &state) { _ in }
            if let here = state.steps[step] {
                permanent = ["\u{1b}[31m✘\u{1b}[0m \(here.title)"] + here.tail.map { "  \($0)" } + ["  \(message)"]
            }
            state.steps[step] = nil
        case .warning(let text): permanent = ["\u{1b}[33m!\u{1b}[0m \(text)"]
        }
        guard !permanent.isEmpty || ContinuousClock.now - state.drawn > .milliseconds(80) else { return }
        clear(&state)
        for line in permanent { print(line, to: 2) }
        draw(&state)
    }

    private func clear(_ state: inout State) {
        guard state.drawnLines > 0 else { return }
        let text = Array("\u{1b}[\(state.drawnLines)A\r\u{1b}[J".utf8)
        _ = text.withUnsafeBytes { cl_write(2, $0.baseAddress, $0.count) }
        state.drawnLines = 0
    }

    private func draw(_ state: inout State) {
        var size = winsize()
        let width = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        let height = size.ws_row > 4 ? Int(size.ws_row) - 2 : 20
        var lines: [String] = []
        for (_, step) in state.steps.sorted(by: { $0.key < $1.key }) {
            let time = Self.seconds((ContinuousClock.now - step.started) / .seconds(1))
            lines.append("  \(step.title) \(time)s".prefix(width - 1).description)
            if let last = step.tail.last { lines.append("\u{1b}[2m    \(last.prefix(max(0, width - 6)))\u{1b}[0m") }
        }
        for line in lines.suffix(height) { print(line, to: 2) }
        state.drawnLines = min(lines.count, height)
        state.drawn = .now
    }

    // MARK: Quiet

    /// Only what a failing command wrote.
    private func quiet(_ event: BuildEvent, _ state: inout State) {
        switch event {
        case .started(let step, let title): state.steps[step] = Step(title: title)
        case .output(let step, let bytes): _ = lines(bytes, step, &state)
        case .failed(let step, _):
            finishOutput(step, &state) { _ in }
            for line in state.steps[step]?.tail ?? [] { print(line, to: 2) }
        case .finished(let step, _), .cached(let step): state.steps[step] = nil
        case .missed, .warning: break
        }
    }
}

/// An event as a JSON object on a line of its own.
private struct JSONEvent {
    let json: JSON

    init(_ event: BuildEvent) {
        switch event {
        case .started(let step, let title):
            json = ["event": "started", "step": .integer(Int64(step)), "title": .string(title)]
        case .cached(let step): json = ["event": "cached", "step": .integer(Int64(step))]
        case .missed(let step, let reason):
            json = ["event": "missed", "step": .integer(Int64(step)), "reason": .string(reason)]
        case .output(let step, let bytes):
            json = [
                "event": "output", "step": .integer(Int64(step)),
                "text": .string(String(decoding: bytes, as: UTF8.self)),
            ]
        case .finished(let step, let seconds):
            json = [
                "event": "finished", "step": .integer(Int64(step)), "milliseconds": .integer(Int64(seconds * 1000)),
            ]
        case .failed(let step, let message):
            json = ["event": "failed", "step": .integer(Int64(step)), "message": .string(message)]
        case .warning(let text): json = ["event": "warning", "message": .string(text)]
        }
    }
}
