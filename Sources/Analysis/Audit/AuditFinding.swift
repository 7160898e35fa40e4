public import Dockerfile

/// What an audit found, and where.
public struct AuditFinding: Sendable, Equatable {
    public let rule: AuditRule
    /// The rule's, unless a configuration file says otherwise or the case is worse than most.
    public var severity: Severity
    /// What was found, in one line.
    public let message: String
    public let place: Place

    public enum Place: Sendable, Equatable {
        case dockerfile(SourceLocation)
        /// A file, from the root without a leading slash, in the layer that brought it.
        case file(path: [UInt8], layer: LayerPlace)
        /// A member of the image's configuration, such as `config.Env[2]`.
        case configuration(String)
        /// A line of the history, counted from zero, without the secrets in it.
        case history(Int, createdBy: String)
    }

    /// A layer, as people look for it.
    public struct LayerPlace: Sendable, Equatable {
        /// From the base up, counted from zero.
        public let number: Int
        /// The diff id.
        public let digest: String
        /// The line of the history that made it, without the secrets in it.
        public let createdBy: String?

        public init(number: Int, digest: String, createdBy: String?) {
            self.number = number
            self.digest = digest
            self.createdBy = createdBy.map { SecretText.masked($0) }
        }
    }

    /// What to do; with the file's own name where the rule's remedy says PATH.
    public var remedy: String {
        guard case .file(let path, _) = place else { return rule.remedy }
        return rule.remedy.replacing("PATH", with: ShellQuoting.quoted([0x2f] + path))
    }

    init(_ rule: AuditRule, _ message: String, at place: Place, severity: Severity? = nil) {
        self.rule = rule
        self.severity = severity ?? rule.severity
        self.message = message
        self.place = place
    }
}

/// The outcome of an audit.
public struct AuditReport: Sendable, Equatable {
    /// What was audited, as it was asked for.
    public let subject: String
    public private(set) var findings: [AuditFinding]
    /// What could not be looked at, in sentences.
    public let notes: [String]

    public init(subject: String, findings: [AuditFinding], notes: [String] = []) {
        self.subject = subject
        self.findings = findings
        self.notes = notes
    }

    /// Without findings below a severity.
    public func atLeast(_ severity: Severity) -> AuditReport {
        AuditReport(subject: subject, findings: findings.filter { $0.severity >= severity }, notes: notes)
    }

    /// Whether anything is as bad as that.
    public func reaches(_ severity: Severity) -> Bool { findings.contains { $0.severity >= severity } }

    func applying(_ configuration: AuditConfiguration) -> AuditReport {
        var kept: [AuditFinding] = []
        for var finding in findings where !finding.rule.isNamed(in: configuration.ignored) {
            let names = [finding.rule.id] + (finding.rule.alias.map { [$0] } ?? [])
            for name in names { finding.severity = configuration.severities[name] ?? finding.severity }
            kept.append(finding)
        }
        return AuditReport(subject: subject, findings: kept, notes: notes)
    }
}
