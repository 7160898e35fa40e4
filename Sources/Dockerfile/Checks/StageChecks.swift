/// The checks that follow the instructions of stages, one after another.
extension Checks {
    static func checkStages(
        of dockerfile: Dockerfile, _ global: GlobalScope, _ context: CheckContext, _ report: inout CheckReport
    ) throws(DockerfileError) {
        var bases: [Dockerfile.Source] = []
        var uses: [Int: Int] = [:]
        for (index, stage) in dockerfile.stages.enumerated() {
            let base = dockerfile.base(try global.base(of: stage), of: index)
            if case .stage(let number) = base { uses[number, default: 0] += 1 }
            bases.append(base)
        }
        // Let go with the last use: a chain of stages then hands one scope on, and copies none.
        var finished: [Int: StageCheck] = [:]
        for (index, stage) in dockerfile.stages.enumerated() where context.stages?.contains(index) ?? true {
            var check: StageCheck
            switch bases[index] {
            case .stage(let number):
                let left = (uses[number] ?? 1) - 1
                uses[number] = left
                guard let base = left == 0 ? finished.removeValue(forKey: number) : finished[number] else { continue }
                check = base
                check.beginStage()
            case .external(let name):
                let isScratch = name == "scratch"
                let image = context.baseImages[index]
                check = StageCheck(dockerfile, global, context.ignoreFile, image: image, isScratch: isScratch)
                if let image, !isScratch {
                    let expected = try global.platform(of: stage, host: context.build) ?? context.target
                    checkPlatform(of: image, expected, stage, &report)
                }
            }
            for instruction in stage.instructions { try check.follow(instruction, &report) }
            if uses[index] ?? 0 > 0 { finished[index] = check }
        }
    }

    private static func checkPlatform(
        of image: CheckContext.BaseImage, _ expected: BuildPlatform, _ stage: Stage, _ report: inout CheckReport
    ) {
        let actual = image.platform
        guard actual.os != expected.os || actual.architecture != expected.architecture else { return }
        report.add(
            .invalidBaseImagePlatform, stage,
            "Base image \(plain(stage.base)) was pulled with platform \"\(actual)\", expected \"\(expected)\" for "
                + "current build")
    }
}

/// Follows the instructions of one stage.
struct StageCheck {
    private var scope: Scope
    private let ignoreFile: IgnoreFile?
    /// Without the base image nobody knows which variables it sets.
    private let knowsEnvironment: Bool
    private var hasShell: Bool
    private var hasWorkdir = false
    /// The last instruction of those that should stand once, by keyword.
    private var last: [Keyword: Instruction] = [:]

    init(
        _ dockerfile: Dockerfile, _ global: GlobalScope, _ ignoreFile: IgnoreFile?, image: CheckContext.BaseImage?,
        isScratch: Bool
    ) {
        var environment = isScratch ? [:] : image?.environment ?? [:]
        // Builds set it where an image does not.
        environment[Array("PATH".utf8), default: []] += []
        scope = Scope(global, escape: dockerfile.directives.escape, environment: environment)
        self.ignoreFile = ignoreFile
        knowsEnvironment = isScratch || image != nil
        hasShell = !isScratch && image?.hasShell ?? false
    }

    /// Goes on with a stage that is built on the one followed so far.
    mutating func beginStage() { last = [:] }

    mutating func follow(_ instruction: Instruction, _ report: inout CheckReport) throws(DockerfileError) {
        let expansion = try scope.expand(instruction)
        if knowsEnvironment {
            for name in expansion.undefined {
                let suggestion = report.suggestion(for: name, among: scope.variables.keys, prefix: "$")
                report.add(.undefinedVar, instruction, "Usage of undefined variable '$\(plain(name))'\(suggestion)")
            }
        }
        switch expansion.content {
        case .add(let copying):
            for source in copying.sources where !Self.isRemote(source) { check(source, "Add", instruction, &report) }
        case .copy(let copying) where copying.from == nil:
            for source in copying.sources { check(source, "Copy", instruction, &report) }
        case .arg(let arguments):
            for argument in arguments { checkSecret("ARG", argument.name, instruction, &report) }
        case .env(let pairs):
            for pair in pairs {
                checkForm(pair, instruction, &report)
                checkSecret("ENV", pair.key, instruction, &report)
            }
        case .label(let pairs):
            for pair in pairs { checkForm(pair, instruction, &report) }
        case .cmd(let command): checkCommand(command, .cmd, instruction, &report)
        case .entrypoint(let command): checkCommand(command, .entrypoint, instruction, &report)
        case .healthcheck: checkOnce(.healthcheck, instruction, &report)
        case .expose:
            for ports in expansion.ports { check(ports, instruction, &report) }
        case .shell: hasShell = true
        case .workdir(let path):
            if !hasWorkdir, path.first != .slash {
                report.add(
                    .workdirRelativePath, instruction,
                    "Relative workdir \(quoted(path)) can have unexpected results if the base image changes")
            }
            hasWorkdir = true
        default: break
        }
    }

    private func checkForm(_ pair: KeyValue, _ instruction: Instruction, _ report: inout CheckReport) {
        guard pair.isLegacy else { return }
        let keyword = instruction.keyword
        report.add(
            .legacyKeyValueFormat, instruction,
            "\"\(keyword) key=value\" should be used instead of legacy \"\(keyword) key value\" format")
    }

    private static let secretWords: Set<String> = [
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    ]
    private static let harmlessWords: Set<String> = ["public", "file", "version"]

    /// Names are judged by the words that underscores separate.
    private func checkSecret(
        _ keyword: String, _ name: [UInt8], _ instruction: Instruction, _ report: inout CheckReport
    ) {
        let words = Set(name.lowercased.split(separator: .underscore).map { String(decoding: $0, as: UTF8.self) })
        guard !words.isDisjoint(with: Self.secretWords), words.isDisjoint(with: Self.harmlessWords) else { return }
        report.add(
            .secretsUsedInArgOrEnv, instruction,
            "Do not use ARG or ENV instructions for sensitive data (\(keyword) \(quoted(name)))")
    }

    private mutating func checkCommand(
        _ command: Command, _ keyword: Keyword, _ instruction: Instruction, _ report: inout CheckReport
    ) {
        checkOnce(keyword, instruction, &report)
        guard command.isShellForm, !hasShell else { return }
        report.add(
            .jsonArgsRecommended, instruction,
            "JSON arguments recommended for \(instruction.keyword) to prevent unintended behavior related to OS "
                + "signals")
    }

    /// Of several, the earlier ones are reported: they are what has no effect.
    private mutating func checkOnce(_ keyword: Keyword, _ instruction: Instruction, _ report: inout CheckReport) {
        if let earlier = last.updateValue(instruction, forKey: keyword) {
            report.add(
                .multipleInstructionsDisallowed, earlier,
                "Multiple \(instruction.keyword) instructions should not be used in the same stage because only the "
                    + "last one will be used")
        }
    }

    private func check(_ ports: ExposedPorts, _ instruction: Instruction, _ report: inout CheckReport) {
        if ports.hasCapitals {
            report.add(
                .exposeProtoCasing, instruction,
                "Defined protocol '\(plain(ports.word))' in EXPOSE instruction should be lowercase")
        }
        if ports.hasMapping {
            report.add(
                .exposeInvalidFormat, instruction,
                "EXPOSE instruction should not define an IP address or host-port mapping, found "
                    + "'\(plain(ports.word))'")
        }
    }

    private static func isRemote(_ source: [UInt8]) -> Bool {
        let text = source[...]
        return text.starts(with: "http://") || text.starts(with: "https://") || text.starts(with: "git://")
            || text.starts(with: "ssh://") || text.starts(with: "git@")
    }

    /// With exceptions in the ignore file nothing can be said of a path alone: something below it may be kept.
    private func check(
        _ source: [UInt8], _ verb: String, _ instruction: Instruction, _ report: inout CheckReport
    ) {
        guard let ignoreFile, !ignoreFile.hasExceptions else { return }
        var path = CleanPath.clean(source)
        if path.count > 1, path.first == .slash { path.removeFirst() }
        if path == "." || path == "/" { guard ignoreFile.matchesEverything else { return } }
        guard ignoreFile.ignores(path) else { return }
        report.add(
            .copyIgnoredFile, instruction,
            "Attempting to \(verb) file \(quoted(path)) that is excluded by .dockerignore")
    }
}
