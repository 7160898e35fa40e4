import Yams

/// What `.shale-audit.yaml`, or hadolint's `.hadolint.yaml`, says.
public struct AuditConfiguration: Sendable, Equatable {
    /// Ids of rules, or their aliases, that are not reported.
    public var ignored: Set<String> = []
    /// Registries that bases may come from; any, when there is none. `*` at either end stands for anything.
    public var trustedRegistries: [String] = []
    /// Severities of rules, by id or alias.
    public var severities: [String: Severity] = [:]
    /// The least severity that makes the audit fail; nil is what the command line says.
    public var threshold: Threshold?
    /// Comments that ignore rules count for nothing.
    public var disablesComments = false
    /// Files and directories of an image, from the root, that are not audited.
    public var ignoredPaths: [String] = []

    public enum Threshold: Sendable, Equatable {
        case never
        case at(Severity)

        public init?(named name: String) {
            if name == "never" || name == "none" || name == "ignore" {
                self = .never
            } else if let severity = Severity(named: name) {
                self = .at(severity)
            } else {
                return nil
            }
        }
    }

    public init() {}

    /// The names that are looked for beside a Dockerfile and in the working directory, in this order.
    public static let fileNames = [
        ".shale-audit.yaml", ".shale-audit.yml", ".hadolint.yaml", ".hadolint.yml",
    ]

    /// The longest file that is read.
    public static let sizeLimit = 64 << 10

    /// - Parameter file: its name, for messages.
    /// - Throws: ``AuditError`` for what is no YAML, for an unknown severity, for a list where none should be.
    public init(parsing bytes: [UInt8], file: String) throws(AuditError) {
        func refuse(_ cause: String) -> AuditError { AuditError("read \(file): \(cause)") }
        guard bytes.count <= Self.sizeLimit else { throw refuse("larger than \(Self.sizeLimit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw refuse("not UTF-8") }
        guard !YAMLDepth.isTooDeep(bytes) else { throw refuse("nested too deeply") }
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw refuse(YAMLDepth.cause(of: error)) }
        guard let root, root.null == nil else { return }
        guard let mapping = root.mapping else { throw refuse("a mapping is wanted") }
        for (key, value) in mapping {
            guard let key = key.string else { throw refuse("a key that is no text") }
            do throws(AuditError) { try set(key, to: value) } catch { throw refuse("\(key): \(error.description)") }
        }
    }

    /// Keys that concern only hadolint's own output are accepted, and mean nothing here.
    private mutating func set(_ key: String, to value: Node) throws(AuditError) {
        switch key {
        case "ignored": ignored = Set(try Self.texts(value))
        case "trustedRegistries", "trusted-registries": trustedRegistries = try Self.texts(value)
        case "ignored-paths": ignoredPaths = try Self.texts(value)
        case "disable-ignore-pragma": disablesComments = value.bool ?? false
        case "no-fail": if value.bool == true { threshold = .never }
        case "failure-threshold", "fail-on":
            guard let name = value.string, let threshold = Threshold(named: name) else {
                throw AuditError("no severity")
            }
            self.threshold = threshold
        case "override", "severity":
            guard let mapping = value.mapping else { throw AuditError("a mapping is wanted") }
            for (name, rules) in mapping {
                guard let name = name.string, let severity = Severity(named: name) else {
                    throw AuditError("\(name.string ?? "?") is no severity")
                }
                for rule in try Self.texts(rules) { severities[rule] = severity }
            }
        case "format", "no-color", "label-schema", "strict-labels": break
        default: throw AuditError("no such setting")
        }
    }

    /// A list of texts, or one alone.
    private static func texts(_ node: Node) throws(AuditError) -> [String] {
        if let sequence = node.sequence {
            var result: [String] = []
            for item in sequence {
                guard let text = item.scalar?.string else { throw AuditError("a list of texts is wanted") }
                result.append(text)
            }
            return result
        }
        if node.null != nil { return [] }
        guard let text = node.scalar?.string else { throw AuditError("a list of texts is wanted") }
        return [text]
    }
}

/// Why an audit was not done: "verb object: cause".
public struct AuditError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Yams goes down a document by recursion: how deep is found out before.
private enum YAMLDepth {
    /// More brackets, spaces before a word, or dashes in one line than any configuration has.
    static func isTooDeep(_ bytes: [UInt8]) -> Bool {
        var brackets = 0
        for line in bytes.split(separator: 0x0a) {
            var dashes = 0
            for byte in line.prefix(while: { $0 == 0x20 || $0 == 0x2d || $0 == 0x3f || $0 == 0x09 }) where byte != 0x20
            {
                dashes += 1
            }
            brackets += line.count { $0 == 0x5b || $0 == 0x7b }
            let indentation = line.prefix { $0 == 0x20 }.count
            if dashes > 16 || brackets > 256 || indentation > 128 { return true }
        }
        return false
    }

    static func cause(of error: any Error) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return "line \(mark.line): \(problem)"
        default: return "no YAML"
        }
    }
}
