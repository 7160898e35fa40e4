/// JUnit's XML, as Jenkins and GitLab read it.
extension AuditReport {
    /// Each finding is a test case that failed; without any there is one that passed.
    public var junit: String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        let name = Self.escaped("shale audit \(subject)")
        let count = max(1, findings.count)
        lines.append("<testsuites name=\"shale audit\" tests=\"\(count)\" failures=\"\(findings.count)\">")
        lines.append(
            "  <testsuite name=\"\(name)\" tests=\"\(count)\" failures=\"\(findings.count)\" errors=\"0\" skipped=\"0\">"
        )
        if findings.isEmpty { lines.append("    <testcase classname=\"audit\" name=\"\(name)\"/>") }
        for finding in findings {
            let place = Self.escaped(finding.place.description)
            let message = Self.escaped(finding.message)
            lines.append("    <testcase classname=\"\(Self.escaped(finding.rule.id))\" name=\"\(place)\">")
            lines.append("      <failure type=\"\(finding.severity.rawValue)\" message=\"\(message)\">")
            var body = "\(finding.rule.reason)\nbetter: \(finding.remedy)"
            if let instruction = finding.place.instruction { body += "\nby: \(oneLine(instruction))" }
            lines.append(Self.escaped(body) + "</failure>")
            lines.append("    </testcase>")
        }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return lines.joined(separator: "\n")
    }

    /// Text in XML; what XML cannot hold (XML 1.0, 2.2) becomes U+FFFD.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
