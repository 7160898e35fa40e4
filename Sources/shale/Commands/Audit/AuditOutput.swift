import Analysis
import ArgumentParser
import Linux
import OCI

/// What an audit prints.
extension Output {
    static func audit(_ report: AuditReport, _ format: Audit.Format) throws {
        switch format {
        case .text: try bytes(Array(report.text.utf8))
        case .json: try bytes(report.json.indentedBytes)
        case .sarif:
            try bytes(report.sarif(version: Shale.configuration.version).indentedBytes)
        case .junit: try bytes(Array(report.junit.utf8))
        }
    }

    static func rules(_ rules: [AuditRule], isJSON: Bool) throws {
        guard !isJSON else {
            return try bytes(JSON.array(rules.map(\.json)).indentedBytes)
        }
        for rule in rules {
            print(
                "\(rule.severity.rawValue.padded(to: 9))\(rule.id)\(rule.alias.map { " (\($0))" } ?? ""): \(rule.summary)"
            )
        }
    }

    static func mended(_ result: ImageMender.Result, isJSON: Bool) throws {
        if isJSON {
            return try bytes(result.json.indentedBytes)
        }
        guard let id = result.id else { return print("nothing to mend") }
        for mending in result.mendings { print(mending.text) }
        print("\nIn the Dockerfile it would have been:\n")
        for line in result.dockerfileLines { print(line) }
        print("\n\(id)")
    }
}
