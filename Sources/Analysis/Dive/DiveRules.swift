/// The rules by which dive judges an image in CI.
public enum DiveRule: String, CaseIterable, Sendable {
    // In the order of their names, in which dive prints them.
    case highestUserWastedPercent, highestWastedBytes, lowestEfficiency

    /// What dive does where nobody says otherwise.
    public var standard: String {
        switch self {
        case .lowestEfficiency: return "0.9"
        case .highestWastedBytes: return "disabled"
        case .highestUserWastedPercent: return "0.1"
        }
    }
}

/// What became of a rule.
public struct DiveVerdict: Sendable {
    public enum Status: String, Sendable {
        case passed = "PASS"
        case failed = "FAIL"
        case warned = "WARN"
        case skipped = "SKIP"
        case misconfigured = "MISCONFIGURED"
        /// Not judged, because another is misconfigured.
        case configured = "CONFIGURED   "
    }

    public let rule: DiveRule
    public let status: Status
    /// Why; may be empty.
    public let message: String
}

/// An image judged by all rules.
public struct DiveEvaluation: Sendable {
    public let verdicts: [DiveVerdict]

    /// - Parameter values: of rules, as they were written; where there is none, the standard one.
    public init(_ figures: DiveFigures, _ values: [DiveRule: String] = [:]) {
        let values = DiveRule.allCases.map { ($0, values[$0] ?? $0.standard) }
        let problems = values.map { Self.problem($0, $1) }
        let isMisconfigured = problems.contains { $0 != nil }
        verdicts = zip(values, problems).map { entry, problem in
            let (rule, value) = entry
            if let problem { return DiveVerdict(rule: rule, status: .misconfigured, message: problem) }
            if isMisconfigured {
                let message = value == Self.disabled ? "rule disabled" : "test"
                return DiveVerdict(rule: rule, status: .configured, message: message)
            }
            return Self.judge(rule, value, figures)
        }
    }

    public var isMisconfigured: Bool { verdicts.contains { $0.status == .misconfigured } }
    /// Whether CI goes on.
    public var passes: Bool { !isMisconfigured && !verdicts.contains { $0.status == .failed } }

    private static let disabled = "disabled"

    private static func problem(_ rule: DiveRule, _ value: String) -> String? {
        if value == disabled { return nil }
        let quoted = "\"\(displayed(value))\""
        if rule == .highestWastedBytes {
            if GoNumbers.parseBytes(value) != nil { return nil }
            return "invalid config value ('\(displayed(value))'): no number of bytes"
        }
        guard let number = GoNumbers.parseFloat(value) else {
            return "invalid config value ('\(displayed(value))'): strconv.ParseFloat: parsing \(quoted): invalid syntax"
        }
        guard !(number < 0 || number > 1) else {
            return "\(rule.rawValue) config value is outside allowed range (0-1), given '\(displayed(value))'"
        }
        return nil
    }

    private static func judge(_ rule: DiveRule, _ value: String, _ figures: DiveFigures) -> DiveVerdict {
        func verdict(_ fails: Bool, _ message: String) -> DiveVerdict {
            DiveVerdict(rule: rule, status: fails ? .failed : .passed, message: fails ? message : "")
        }
        if value == disabled { return DiveVerdict(rule: rule, status: .skipped, message: "rule disabled") }
        switch rule {
        case .lowestEfficiency:
            let threshold = GoNumbers.parseFloat(value) ?? 0
            return verdict(
                threshold > figures.efficiency,
                "image efficiency is too low (efficiency=\(GoNumbers.plain(figures.efficiency)) < "
                    + "threshold=\(GoNumbers.plain(threshold)))")
        case .highestWastedBytes:
            let threshold = GoNumbers.parseBytes(value) ?? 0
            return verdict(
                figures.wastedBytes > threshold,
                "too many bytes wasted (wasted-bytes=\(figures.wastedBytes) > threshold=\(threshold))")
        case .highestUserWastedPercent:
            let threshold = GoNumbers.parseFloat(value) ?? 0
            return verdict(
                threshold < figures.userWastedPercent,
                "too many bytes wasted, relative to the user bytes added (%-user-wasted-bytes="
                    + "\(GoNumbers.plain(figures.userWastedPercent)) > threshold=\(GoNumbers.plain(threshold)))")
        }
    }
}
