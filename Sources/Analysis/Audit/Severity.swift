/// How much a finding matters, from what is only good to know upwards.
public enum Severity: String, Sendable, CaseIterable, Comparable {
    case info, low, medium, high, critical

    public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .low: 1
        case .medium: 2
        case .high: 3
        case .critical: 4
        }
    }

    /// A severity by its own name, or by hadolint's.
    public init?(named name: String) {
        switch name {
        case "error": self = .high
        case "warning": self = .medium
        case "style": self = .info
        default: self.init(rawValue: name)
        }
    }
}
