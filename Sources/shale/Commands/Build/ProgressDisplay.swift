import ArgumentParser
import Build
import Glibc
import Linux
import OCI

enum ProgressMode: String, ExpressibleByArgument, CaseIterable {
    case auto, plain, tty, json, quiet

    /// What `auto` is where it is.
    fileprivate var actual: ProgressMode {
        guard self == .auto else { return self }
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? false
        return isatty(2) == 1 && !isDumb ? .tty : .plain
    }
}

/// A build as it goes, on standard error: lines that can be read anywhere, a live picture, or JSON.
final class ProgressDisplay: Sendable {
    private let mode: ProgressMode
    private let picture: LivePicture?
    private let steps = Locked<[Int: Step]>([:])

    private struct Step {
        let started = ContinuousClock.now
        var output = CommandText()
    }

    init(_ mode: ProgressMode) {
        self.mode = mode.actual
        picture = self.mode == .tty ? LivePicture() : nil
    }

    var observer: BuildObserver { { self.take($0) } }

    private func take(_ event: BuildEvent) {
        if let picture { return picture.take(event) }
        steps.withLock { steps in
            switch mode {
            case .quiet: quiet(event, &steps)
            case .json: LiveArea.write(JSONEvent(event).json.text + "\n")
            default: plain(event, &steps)
            }
        }
    }

    /// Nothing more is drawn.
    func end() { picture?.end() }

    private func plain(_ event: BuildEvent, _ steps: inout [Int: Step]) {
        var text = ""
        func say(_ step: Int, _ line: String) { text += "#\(step) \(line)\n" }
        func close(_ step: Int) {
            for line in steps[step]?.output.finish() ?? [] { say(step, line) }
            steps[step] = nil
        }
        switch event {
        case .started(let step, let title):
            steps[step] = Step()
            say(step, title)
        case .missed(let step, let reason): say(step, "not cached: \(reason)")
        case .output(let step, let bytes):
            guard let started = steps[step]?.started else { return }
            let time = Tenths.text((ContinuousClock.now - started) / .seconds(1))
            for line in steps[step]?.output.take(bytes) ?? [] { say(step, "\(time) \(line)") }
        case .cached(let step):
            close(step)
            say(step, "CACHED")
        case .finished(let step, let seconds):
            close(step)
            say(step, "DONE \(Tenths.text(seconds))s")
        case .cancelled(let step):
            close(step)
            say(step, "CANCELLED")
        case .failed(let step, let message):
            close(step)
            say(step, "ERROR: \(message)")
        case .warning(let warning): text += "WARNING: \(warning)\n"
        }
        LiveArea.write(text)
    }

    /// Only what a failing command wrote.
    private func quiet(_ event: BuildEvent, _ steps: inout [Int: Step]) {
        switch event {
        case .started(let step, _): steps[step] = Step()
        case .output(let step, let bytes): _ = steps[step]?.output.take(bytes)
        case .failed(let step, _):
            guard var here = steps.removeValue(forKey: step) else { return }
            _ = here.output.finish()
            LiveArea.write(here.output.tail.map { $0 + "\n" }.joined())
        case .finished(let step, _), .cached(let step), .cancelled(let step): steps[step] = nil
        case .missed, .warning: break
        }
    }
}

/// Seconds with one digit after the point.
enum Tenths {
    static func text(_ seconds: Double) -> String {
        let tenths = Int64((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
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
        case .cancelled(let step): json = ["event": "cancelled", "step": .integer(Int64(step))]
        case .failed(let step, let message):
            json = ["event": "failed", "step": .integer(Int64(step)), "message": .string(message)]
        case .warning(let text): json = ["event": "warning", "message": .string(text)]
        }
    }
}
