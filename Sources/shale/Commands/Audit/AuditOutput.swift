import Analysis
import ArgumentParser
import Linux
import OCI

/// What an audit prints.
extension Output {
    static func audit(_ report: AuditReport, _ format: Audit.Format) {
        switch format {
        case .text: print(report.text, terminator: "")
        case .json: print(String(decoding: report.json.indentedBytes, as: UTF8.self), terminator: "")
        case .sarif:
            let version = Shale.configuration.version
            print(String(decoding: report.sarif(version: version).indentedBytes, as: UTF8.self), terminator: "")
        case .junit: print(report.junit, terminator: "")
        }
    }

    static func rules(_ rules: [AuditRule], isJSON: Bool) {
        guard !isJSON else {
            return print(String(decoding: JSON.array(rules.map(\.json)).indentedBytes, as: UTF8.self), terminator: "")
        }
        for rule in rules {
            print(
                "\(rule.severity.rawValue.padded(to: 9))\(rule.id)\(rule.alias.map { " (\($0))" } ?? ""): \(rule.summary)"
            )
        }
    }

    static func mended(_ result: ImageMender.Result, isJSON: Bool) {
        if isJSON {
            return print(String(decoding: result.json.indentedBytes, as: UTF8.self), terminator: "")
        }
        guard let id = result.id else { return print("nothing to mend") }
        for mending in result.mendings { print(mending.text) }
        print("\nIn the Dockerfile it would have been:\n")
        for line in result.dockerfileLines { print(line) }
        print("\n\(id)")
    }
}
