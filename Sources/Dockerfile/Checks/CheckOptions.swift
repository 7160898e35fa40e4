/// Which checks run, and whether what they find fails the build: `skip=RULE,…;experimental=RULE,…;error=true`, where
/// `all` stands for every rule. From `# check=`, or from the build argument `BUILDKIT_DOCKERFILE_CHECK` in its place.
public struct CheckOptions: Sendable, Equatable {
    public private(set) var failsBuild = false
    private var skipsAll = false
    private var skipped: Set<String> = []
    private var allowsAllExperimental = false
    private var experimental: Set<String> = []

    public init() {}

    /// - Parameter location: where the text stands, for messages.
    /// - Throws: when an option is unknown or has a wrong value.
    public init(_ text: [UInt8], at location: SourceLocation) throws(DockerfileError) {
        do {
            try self.init(text)
        } catch {
            throw DockerfileError(error, at: location)
        }
    }

    init(_ text: [UInt8]) throws(Complaint) {
        guard !text.trimmed.isEmpty else { return }
        for part in text.trimmed.split(separator: .semicolon, maxSplits: 2, omittingEmptySubsequences: false) {
            guard let (left, right) = Array(part).cut(at: .equalsSign) else {
                throw Complaint("invalid check option", Array(part))
            }
            let value = right.trimmed
            let rules = value.split(separator: .comma).map { String(decoding: $0.trimmed, as: UTF8.self) }
            switch String(decoding: left.trimmed, as: UTF8.self) {
            case "skip": if value == "all" { skipsAll = true } else { skipped = Set(rules) }
            case "experimental":
                if value == "all" { allowsAllExperimental = true } else { experimental = Set(rules) }
            case "error":
                guard let truth = value.truth else {
                    throw Complaint("check option error must be true or false", value)
                }
                failsBuild = truth
            default:
                throw Complaint(
                    "invalid check option", left.trimmed, knownWords: ["skip", "experimental", "error"])
            }
        }
    }

    /// The options that a file asks for itself.
    ///
    /// - Throws: when its `# check=` is malformed.
    public init(of dockerfile: Dockerfile) throws(DockerfileError) {
        try self.init(
            dockerfile.directives.check ?? [],
            at: SourceLocation(file: dockerfile.name, firstLine: 1, lastLine: 1))
    }

    func runs(_ rule: CheckRule) -> Bool {
        rule.isExperimental
            ? allowsAllExperimental || experimental.contains(rule.rawValue)
            : !skipsAll && !skipped.contains(rule.rawValue)
    }

    /// With what a comment `# check=` right above an instruction adds for this instruction. One that is malformed adds
    /// nothing.
    func merged(with comments: [[UInt8]]) -> CheckOptions {
        for comment in comments {
            guard let directive = DirectiveSearch.assignment(in: comment[...]), directive.name == .check else {
                continue
            }
            let value = directive.value.cut(at: .space)?.before ?? directive.value
            guard let added = try? CheckOptions(value) else { return self }
            var result = self
            result.skipsAll = skipsAll || added.skipsAll
            result.skipped.formUnion(added.skipped)
            result.allowsAllExperimental = allowsAllExperimental || added.allowsAllExperimental
            result.experimental.formUnion(added.experimental)
            return result
        }
        return self
    }
}
