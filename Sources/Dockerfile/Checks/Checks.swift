/// Runs the build checks on a file.
public enum Checks {
    /// - Parameters:
    ///   - options: which rules run. Comments `# check=` above an instruction can switch off more for it.
    ///   - context: what is known besides the file.
    /// - Returns: what was found, by line.
    /// - Throws: when a word cannot be expanded: then the file cannot be built either.
    public static func run(
        _ dockerfile: Dockerfile, options: CheckOptions, context: CheckContext
    ) throws(DockerfileError) -> [CheckFinding] {
        var report = CheckReport(options: options)
        for location in dockerfile.emptyContinuations {
            report.add(.noEmptyContinuation, at: location, "Empty continuation line")
        }
        checkNames(of: dockerfile, &report)
        checkCasing(of: dockerfile, &report)
        checkDescriptions(of: dockerfile, &report)
        checkDefaults(of: dockerfile, context, &report)
        let global = try GlobalScope(
            dockerfile, buildArguments: context.buildArguments, build: context.build, target: context.target,
            targetStage: context.targetStage)
        for stage in dockerfile.stages { try checkBase(of: stage, global, context, &report) }
        try checkStages(of: dockerfile, global, context, &report)
        return report.findings
    }
}

/// Collects what is found.
struct CheckReport {
    private let options: CheckOptions
    private var found: [CheckFinding] = []
    private var suggestions = 200

    init(options: CheckOptions) { self.options = options }

    /// - Parameter comments: those above the instruction at fault.
    mutating func add(
        _ rule: CheckRule, at location: SourceLocation, comments: [[UInt8]] = [], _ message: String
    ) {
        guard (comments.isEmpty ? options : options.merged(with: comments)).runs(rule) else { return }
        found.append(CheckFinding(rule: rule, location: location, message: message))
    }

    mutating func add(_ rule: CheckRule, _ instruction: Instruction, _ message: String) {
        add(rule, at: instruction.location, comments: instruction.comments, message)
    }

    mutating func add(_ rule: CheckRule, _ stage: Stage, _ message: String) {
        add(rule, at: stage.location, comments: stage.comments, message)
    }

    /// ` (did you mean …?)`, or nothing. Only the first findings get it: each costs a look at all the names.
    mutating func suggestion(for name: [UInt8], among known: some Collection<[UInt8]>, prefix: String = "") -> String {
        guard suggestions > 0 else { return "" }
        suggestions -= 1
        let words = known.map { String(decoding: $0, as: UTF8.self) }.sorted()
        return nearest(to: name, among: words).map { " (did you mean \(prefix)\($0)?)" } ?? ""
    }

    /// By line; those of one line in the order they were found.
    var findings: [CheckFinding] {
        found.enumerated().sorted {
            ($0.element.location.firstLine, $0.offset) < ($1.element.location.firstLine, $1.offset)
        }.map(\.element)
    }
}

/// A text in a message, without what would spoil the line.
func plain(_ text: [UInt8]) -> String {
    let inQuotes = quoted(text)
    return String(inQuotes.dropFirst().dropLast())
}
