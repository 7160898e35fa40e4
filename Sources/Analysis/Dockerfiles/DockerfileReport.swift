internal import Dockerfile

/// Collects what is found in a Dockerfile, but for what its comments ignore.
struct DockerfileReport {
    private(set) var findings: [AuditFinding] = []
    private let configuration: AuditConfiguration
    private let ignoredEverywhere: Set<String>
    /// Lines and the build checks that something found there says as well.
    private var covered: [Int: Set<CheckRule>] = [:]

    init(_ configuration: AuditConfiguration, source: [UInt8]) {
        self.configuration = configuration
        var ignored: Set<String> = []
        if !configuration.disablesComments {
            for line in source.split(separator: 0x0a) {
                let line = line.drop { $0 == 0x20 || $0 == 0x09 }
                guard line.first == UInt8(ascii: "#") else { continue }
                ignored.formUnion(
                    IgnoreComment.names(in: String(decoding: line.dropFirst(), as: UTF8.self), global: true))
            }
        }
        ignoredEverywhere = ignored
    }

    mutating func add(_ rule: AuditRule, _ step: Step, _ detail: String? = nil) {
        add(rule, detail, step.location, step.comments)
    }

    mutating func add(_ rule: AuditRule, _ stage: AuditedStage, _ detail: String? = nil) {
        add(rule, detail, stage.stage.location, stage.stage.comments)
    }

    /// - Parameter detail: what follows the rule's own sentence.
    mutating func add(_ rule: AuditRule, _ detail: String?, _ location: SourceLocation, _ comments: [[UInt8]]) {
        if rule.isNamed(in: ignoredEverywhere) { return }
        if !configuration.disablesComments {
            for comment in comments
            where rule.isNamed(in: IgnoreComment.names(in: String(decoding: comment, as: UTF8.self), global: false)) {
                return
            }
        }
        if let check = rule.equivalentCheck { covered[location.firstLine, default: []].insert(check) }
        findings.append(
            AuditFinding(rule, rule.summary + (detail.map { ": " + oneLine($0) } ?? ""), at: .dockerfile(location)))
    }

    /// The line has something that says the same as a build check.
    func covers(_ check: CheckRule, at location: SourceLocation) -> Bool {
        covered[location.firstLine]?.contains(check) ?? false
    }
}

/// `# shale ignore=RULE,…` or `# hadolint ignore=RULE,…` right above an instruction; with `global` before `ignore`,
/// anywhere and for the whole file. A second `#` begins a remark.
enum IgnoreComment {
    static func names(in comment: String, global: Bool) -> Set<String> {
        var rest = comment[...]
        func take(_ word: String) -> Bool {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            guard rest.hasPrefix(word) else { return false }
            rest = rest.dropFirst(word.count)
            return true
        }
        guard take("shale ") || take("hadolint ") else { return [] }
        if global { guard take("global ") else { return [] } }
        guard take("ignore"), take("=") else { return [] }
        let list = rest.prefix { $0 != "#" }
        var names: Set<String> = []
        for name in list.split(separator: ",") {
            let words = name.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard words.count == 1, let word = words.first else { return [] }
            names.insert(String(word))
        }
        return names
    }
}
