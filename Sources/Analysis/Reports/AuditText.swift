extension AuditReport {
    /// The report for people: a line for each finding, indented ones for where it comes from and what to do, a last one that
    /// counts.
    public var text: String {
        var lines: [String] = []
        for finding in findings {
            let names = [finding.rule.id] + (finding.rule.alias.map { [$0] } ?? [])
            let severity =
                finding.severity.rawValue + String(repeating: " ", count: 8 - finding.severity.rawValue.count)
            lines.append(
                "\(severity) \(finding.place.description): \(finding.message) [\(names.joined(separator: ", "))]")
            if let instruction = finding.place.instruction { lines.append("         by: \(oneLine(instruction))") }
            lines.append("         better: \(finding.remedy)")
        }
        lines += notes.map { "note     \($0)" }
        lines.append("\(oneLine(subject)): \(counts)")
        return lines.joined(separator: "\n") + "\n"
    }

    private var counts: String {
        guard !findings.isEmpty else { return "nothing found" }
        let parts = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(severity.rawValue)"
        }
        return parts.joined(separator: ", ")
    }
}
