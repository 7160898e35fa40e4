/// Something that an audit looks for.
public struct AuditRule: Sendable, Hashable {
    /// Never changes its meaning, and is what ignoring comments and configuration files name.
    public let id: String
    /// The name of the same rule in hadolint (`DL3006`), by which it can be ignored too.
    public let alias: String?
    public let severity: Severity
    /// What is wrong, in a sentence.
    public let summary: String
    /// Why it matters.
    public let reason: String
    /// What to do instead.
    public let remedy: String

    init(
        _ id: String, _ alias: String? = nil, _ severity: Severity, _ summary: String, because reason: String,
        remedy: String
    ) {
        self.id = id
        self.alias = alias
        self.severity = severity
        self.summary = summary
        self.reason = reason
        self.remedy = remedy
    }

    public static func == (one: AuditRule, other: AuditRule) -> Bool { one.id == other.id }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// Whether the rule is meant by a name in a comment or a configuration file.
    func isNamed(in names: Set<String>) -> Bool {
        names.contains(id) || alias.map { names.contains($0) } ?? false
    }

    /// Every rule, those of images first.
    public static let all: [AuditRule] =
        imageRules + configurationRules + secretRules + dockerfileRules + commandRules + packageRules + buildChecks
}
