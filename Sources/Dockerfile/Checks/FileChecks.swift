/// The checks that need nothing but the file.
extension Checks {
    static func checkNames(of dockerfile: Dockerfile, _ report: inout CheckReport) {
        var seen: Set<String> = []
        for stage in dockerfile.stages {
            guard let name = stage.name, let written = stage.writtenName, let asKeyword = stage.asKeyword else {
                continue
            }
            if written != written.lowercased {
                report.add(.stageNameCasing, stage, "Stage name '\(plain(written))' should be lowercase")
            }
            if !matchesCase(stage.keyword, asKeyword) {
                report.add(
                    .fromAsCasing, stage, "'\(asKeyword)' and '\(stage.keyword)' keywords' casing do not match")
            }
            if name == "scratch" || name == "context" {
                report.add(
                    .reservedStageName, stage,
                    "Stage name should not use the same name as reserved stage \"\(name)\"")
            }
            if !seen.insert(name).inserted {
                report.add(
                    .duplicateStageName, stage, "Duplicate stage name \"\(name)\", stage names should be unique")
            }
        }
    }

    /// A `FROM` in mixed case is reported elsewhere.
    private static func matchesCase(_ from: String, _ asKeyword: String) -> Bool {
        if from == from.lowercased() { return asKeyword == asKeyword.lowercased() }
        if from == from.uppercased() { return asKeyword == asKeyword.uppercased() }
        return true
    }

    /// The case that most keywords have is the right one; upper case where as many have either.
    static func checkCasing(of dockerfile: Dockerfile, _ report: inout CheckReport) {
        var lower = 0
        var upper = 0
        func count(_ keyword: String) {
            if keyword == keyword.lowercased() {
                lower += 1
            } else if keyword == keyword.uppercased() {
                upper += 1
            }
        }
        for stage in dockerfile.stages {
            count(stage.keyword)
            for instruction in stage.instructions { count(instruction.keyword) }
        }
        let isLower = lower > upper
        func message(_ keyword: String) -> String? {
            guard keyword != (isLower ? keyword.lowercased() : keyword.uppercased()) else { return nil }
            let right = isLower ? "lowercase" : "uppercase"
            return "Command '\(keyword)' should match the case of the command majority (\(right))"
        }
        for stage in dockerfile.stages {
            if let message = message(stage.keyword) { report.add(.consistentInstructionCasing, stage, message) }
            for instruction in stage.instructions {
                guard let message = message(instruction.keyword) else { continue }
                report.add(.consistentInstructionCasing, instruction, message)
            }
        }
    }

    static func checkDescriptions(of dockerfile: Dockerfile, _ report: inout CheckReport) {
        for instruction in dockerfile.globalArguments { checkDescription(of: instruction, &report) }
        for stage in dockerfile.stages {
            if let name = stage.name, let example = wrongDescription(stage.comments, names: [Array(name.utf8)]) {
                report.add(.invalidDefinitionDescription, stage, descriptionMessage("FROM", example))
            }
            for instruction in stage.instructions {
                checkDescription(of: instruction, &report)
                if case .maintainer = instruction.content {
                    report.add(
                        .maintainerDeprecated, instruction,
                        "Maintainer instruction is deprecated in favor of using label")
                }
            }
        }
    }

    private static func checkDescription(of instruction: Instruction, _ report: inout CheckReport) {
        guard case .arg(let arguments) = instruction.content,
            let example = wrongDescription(instruction.comments, names: arguments.map(\.name))
        else { return }
        report.add(.invalidDefinitionDescription, instruction, descriptionMessage("ARG", example))
    }

    private static func descriptionMessage(_ keyword: String, _ example: String) -> String {
        "Comment for \(keyword) should follow the format: `# \(example) <description>`"
    }

    /// What the last comment should begin with, when it begins with no name.
    private static func wrongDescription(_ comments: [[UInt8]], names: [[UInt8]]) -> String? {
        let remarks = comments.filter { DirectiveSearch.assignment(in: $0[...]) == nil }
        guard let comment = remarks.last, let name = names.first else { return nil }
        guard !names.contains(comment.cut(at: .space)?.before ?? comment) else { return nil }
        return names.count > 1 ? "<arg_key>" : plain(name)
    }

    /// Whether the bases are names of images when nothing is given for the build.
    static func checkDefaults(of dockerfile: Dockerfile, _ context: CheckContext, _ report: inout CheckReport) {
        // A default that cannot be expanded is an error elsewhere.
        guard let global = try? GlobalScope(dockerfile, build: context.build, target: context.target) else { return }
        for stage in dockerfile.stages {
            guard let base = try? global.expand(stage.base) else { return }
            guard !ImageName.isValid(base.text) else { continue }
            report.add(
                .invalidDefaultArgInFrom, stage,
                "Default value for ARG \(plain(stage.base)) results in empty or invalid base image name")
        }
    }

    /// The variables and the platform in a `FROM`.
    static func checkBase(
        of stage: Stage, _ global: GlobalScope, _ context: CheckContext, _ report: inout CheckReport
    ) throws(DockerfileError) {
        var unmatched: [[UInt8]] = []
        _ = try global.base(of: stage)
        if let base = try? global.expand(stage.base) { unmatched += base.unmatched }
        if let written = stage.platform, let platform = try? global.expand(written) {
            unmatched += platform.unmatched
            let name = Array("TARGETPLATFORM".utf8)
            if platform.unmatched.isEmpty, platform.matched == [name], platform.text == global.values[name] {
                report.add(
                    .redundantTargetPlatform, stage,
                    "Setting platform to predefined \(plain(written)) in FROM is redundant as this is the default "
                        + "behavior")
            }
            if platform.unmatched.isEmpty, platform.matched.isEmpty,
                let parsed = BuildPlatform(platform.text, host: context.build),
                stage.name.map({ !$0.contains(parsed.os) && !$0.contains(parsed.architecture) }) ?? true
            {
                report.add(
                    .fromPlatformFlagConstDisallowed, stage,
                    "FROM --platform flag should not use constant value \(quoted(platform.text))")
            }
        }
        let known = global.declared.union(global.values.keys)
        for name in unmatched where !known.contains(name) {
            report.add(
                .undefinedArgInFrom, stage,
                "FROM argument '\(plain(name))' is not declared"
                    + report.suggestion(for: name, among: known))
        }
        _ = try global.platform(of: stage, host: context.build)
    }
}
