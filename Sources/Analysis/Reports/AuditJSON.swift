internal import Dockerfile
public import OCI

extension AuditReport {
    /// The report as JSON: `subject`, `findings`, `notes`.
    public var json: JSON {
        .members([
            "subject": .string(subject),
            "findings": .array(findings.map(\.json)),
            "notes": JSON(notes),
        ])
    }
}

extension AuditFinding {
    /// Paths that are no UTF-8 are given with U+FFFD in place of what is none.
    var json: JSON {
        var place: JSON
        switch self.place {
        case .dockerfile(let location):
            place = .members([
                "file": .string(location.file), "line": .integer(location.firstLine),
                "lastLine": .integer(location.lastLine),
            ])
        case .file(let path, let layer):
            place = .members([
                "path": .string("/" + String(decoding: path, as: UTF8.self)), "layer": .integer(layer.number),
                "diffID": .string(layer.digest), "createdBy": layer.createdBy.map { .string($0) },
            ])
        case .configuration(let member): place = .members(["configuration": .string(member)])
        case .history(let number, let createdBy):
            place = .members(["history": .integer(number), "createdBy": .string(createdBy)])
        }
        return .members([
            "rule": .string(rule.id), "alias": rule.alias.map { .string($0) },
            "severity": .string(severity.rawValue), "message": .string(message), "place": place,
            "reason": .string(rule.reason), "remedy": .string(remedy),
        ])
    }
}

extension AuditRule {
    /// A rule in the list of them all.
    public var json: JSON {
        .members([
            "id": .string(id), "alias": alias.map { .string($0) }, "severity": .string(severity.rawValue),
            "summary": .string(summary), "reason": .string(reason), "remedy": .string(remedy),
        ])
    }
}
