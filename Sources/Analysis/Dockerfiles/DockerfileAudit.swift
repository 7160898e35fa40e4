public import Dockerfile

/// The audit of a Dockerfile: BuildKit's checks, and the well-known rules about images.
public struct DockerfileAudit: Sendable {
    public var configuration: AuditConfiguration
    /// What the build checks know besides the file.
    public var context: CheckContext

    /// The longest Dockerfile that is read.
    public static let sizeLimit = 4 << 20

    public init(configuration: AuditConfiguration = AuditConfiguration(), context: CheckContext) {
        self.configuration = configuration
        self.context = context
    }

    /// - Parameter name: of the file, for findings and messages.
    /// - Returns: what was found, by line.
    /// - Throws: ``DockerfileError`` for a file that cannot be built.
    public func run(_ bytes: [UInt8], name: String) throws(DockerfileError) -> AuditReport {
        let dockerfile = try Dockerfile.parse(bytes, name: name)
        let file = AuditedFile(dockerfile)
        var report = DockerfileReport(configuration, source: bytes)
        BaseRules.check(file, configuration, &report)
        CopyRules.check(file, &report)
        InstructionRules.check(file, &report)
        CommandRules.check(file, &report)
        PackageRules.check(file, &report)
        SecretRules.check(file, &report)
        let notes = try addChecks(of: dockerfile, to: &report)
        let sorted = report.findings.enumerated().sorted { one, other in
            (Self.line(one.element), one.offset) < (Self.line(other.element), other.offset)
        }
        return AuditReport(subject: name, findings: sorted.map(\.element), notes: notes).applying(configuration)
    }

    /// The build checks, but for what a rule says already.
    ///
    /// - Returns: notes.
    private func addChecks(
        of dockerfile: Dockerfile, to report: inout DockerfileReport
    ) throws(DockerfileError) -> [String] {
        let options = try CheckOptions(of: dockerfile)
        let comments = Self.comments(in: dockerfile)
        let findings: [CheckFinding]
        do throws(DockerfileError) {
            findings = try Checks.run(dockerfile, options: options, context: context)
        } catch {
            // What a rule has found there is no news, but nothing can be expanded after it.
            guard
                report.findings.contains(where: { $0.rule == .portInvalid && Self.line($0) == error.location.firstLine }
                )
            else { throw error }
            return ["the build checks were not done: \(error)"]
        }
        for finding in findings {
            guard let rule = AuditRule.of(finding.rule), !report.covers(finding.rule, at: finding.location) else {
                continue
            }
            report.add(rule, finding.message, finding.location, comments[finding.location.firstLine] ?? [])
        }
        return []
    }

    private static func line(_ finding: AuditFinding) -> Int {
        if case .dockerfile(let location) = finding.place { return location.firstLine }
        return 0
    }

    /// The comments above the instruction that begins on a line.
    private static func comments(in dockerfile: Dockerfile) -> [Int: [[UInt8]]] {
        var result: [Int: [[UInt8]]] = [:]
        for argument in dockerfile.globalArguments { result[argument.location.firstLine] = argument.comments }
        for stage in dockerfile.stages {
            result[stage.location.firstLine] = stage.comments
            for step in stage.instructions { result[step.location.firstLine] = step.comments }
        }
        return result
    }
}
