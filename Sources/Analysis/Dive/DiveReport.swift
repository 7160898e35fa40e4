/// What dive prints in CI.
public struct DiveReport: Sendable {
    private let figures: DiveFigures
    private let evaluation: DiveEvaluation

    public init(_ figures: DiveFigures, _ evaluation: DiveEvaluation) {
        self.figures = figures
        self.evaluation = evaluation
    }

    /// - Parameter inColour: with the colours that dive always prints, for a terminal.
    public func text(inColour: Bool) -> String {
        func paint(_ text: String, _ codes: String) -> String { inColour ? "\u{1b}[\(codes)m\(text)\u{1b}[0m" : text }
        var lines = [
            "  efficiency: \(GoNumbers.fixed(figures.efficiency * 100, 4)) %",
            "  wastedBytes: \(figures.wastedBytes) bytes (\(GoNumbers.bytes(figures.wastedBytes)))",
            "  userWastedPercent: \(GoNumbers.fixed(figures.userWastedPercent * 100, 4)) %",
            paint("Inefficient Files:", "1"), "Count  Wasted Space  File Path",
        ]
        // Of a misconfigured run dive lists none.
        let files = evaluation.isMisconfigured ? [] : figures.inefficientFiles
        if files.isEmpty { lines.append("None") }
        for file in files {
            let count = "\(file.references)"
            let size = GoNumbers.bytes(UInt64(bitPattern: file.size))
            lines.append("\(count.leading(5))  \(size.leading(12))  \(displayed(file.path))")
        }
        lines.append(paint("Results:", "1"))
        for verdict in evaluation.verdicts {
            let message = verdict.message.isEmpty ? "" : ": \(verdict.message)"
            lines.append(
                "  \(paint(verdict.status.rawValue, colour(verdict.status))): \(verdict.rule.rawValue)\(message)")
        }
        if evaluation.isMisconfigured {
            lines.append(paint("CI Misconfigured", "31"))
        } else {
            lines.append(paint(summary, evaluation.passes ? "32" : "31"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func colour(_ status: DiveVerdict.Status) -> String {
        switch status {
        case .passed, .configured: return "0"
        case .failed, .misconfigured: return "1;7;31"
        case .warned, .skipped: return "34"
        }
    }

    private var summary: String {
        func count(_ status: DiveVerdict.Status) -> Int { evaluation.verdicts.count { $0.status == status } }
        let result = count(.failed) > 0 ? "FAIL" : "PASS"
        return "Result:\(result) [Total:\(evaluation.verdicts.count)] [Passed:\(count(.passed))] "
            + "[Failed:\(count(.failed))] [Warn:\(count(.warned))] [Skipped:\(count(.skipped))]"
    }
}

extension String {
    /// With spaces before it, up to a width.
    func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
    /// With spaces after it, up to a width.
    func trailing(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
