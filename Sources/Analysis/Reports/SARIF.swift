internal import Dockerfile
public import OCI

/// SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which code-scanning services read.
extension AuditReport {
    /// - Parameter version: of this program.
    public func sarif(version: String) -> JSON {
        var rules: [AuditRule] = []
        var numbers: [AuditRule: Int] = [:]
        for finding in findings where numbers[finding.rule] == nil {
            numbers[finding.rule] = rules.count
            rules.append(finding.rule)
        }
        let driver = JSON.members([
            "name": .string("Shale"), "version": .string(version), "rules": .array(rules.map(\.sarif)),
        ])
        let notifications: JSON = .array(
            notes.map { .members(["message": .members(["text": .string($0)]), "level": .string("note")]) })
        let run = JSON.members([
            "tool": .members(["driver": driver]),
            "columnKind": .string("unicodeCodePoints"),
            "results": .array(findings.map { $0.sarif(ruleIndex: numbers[$0.rule] ?? 0) }),
            "invocations": .array([
                .members([
                    "executionSuccessful": .bool(true),
                    "toolExecutionNotifications": notes.isEmpty ? nil : notifications,
                ])
            ]),
        ])
        return .members([
            "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"), "version": .string("2.1.0"),
            "runs": .array([run]),
        ])
    }
}

extension Severity {
    fileprivate var level: String {
        switch self {
        case .critical, .high: "error"
        case .medium: "warning"
        case .low, .info: "note"
        }
    }

    /// Of ten, as code-scanning services sort by.
    fileprivate var score: String {
        switch self {
        case .critical: "9.5"
        case .high: "8.0"
        case .medium: "5.5"
        case .low: "3.0"
        case .info: "1.0"
        }
    }
}

extension AuditRule {
    fileprivate var sarif: JSON {
        .members([
            "id": .string(id),
            "shortDescription": .members(["text": .string(summary)]),
            "fullDescription": .members(["text": .string(reason)]),
            "help": .members(["text": .string(remedy)]),
            "defaultConfiguration": .members(["level": .string(severity.level)]),
            "properties": .members([
                "tags": JSON(["security"] + (alias.map { [$0] } ?? [])),
                "security-severity": .string(severity.score),
            ]),
        ])
    }
}

extension AuditFinding {
    fileprivate func sarif(ruleIndex: Int) -> JSON {
        .members([
            "ruleId": .string(rule.id), "ruleIndex": .integer(ruleIndex), "level": .string(severity.level),
            "message": .members(["text": .string(message)]),
            "locations": .array([location]),
            "properties": .members(["severity": .string(severity.rawValue)]),
        ])
    }

    private var location: JSON {
        switch place {
        case .dockerfile(let location):
            .members([
                "physicalLocation": .members([
                    "artifactLocation": .members(["uri": .string(Self.uri(Array(location.file.utf8)))]),
                    "region": .members([
                        "startLine": .integer(max(1, location.firstLine)),
                        "endLine": .integer(max(1, location.firstLine, location.lastLine)),
                    ]),
                ])
            ])
        case .file(let path, let layer):
            .members([
                "physicalLocation": .members([
                    "artifactLocation": .members(["uri": .string(Self.uri(path))])
                ]),
                "logicalLocations": .array([
                    .members([
                        "fullyQualifiedName": .string("layer \(layer.number) \(layer.digest)"),
                        "kind": .string("module"),
                    ])
                ]),
            ])
        case .configuration, .history:
            .members([
                "logicalLocations": .array([
                    .members(["fullyQualifiedName": .string(place.description), "kind": .string("member")])
                ])
            ])
        }
    }

    /// A path as a relative reference (RFC 3986, 4.2); a colon in its first part would look like a scheme.
    private static func uri(_ path: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in path {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-._~/".utf8.contains(byte)
            result += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: result, as: UTF8.self)
    }
}
