internal import Dockerfile

/// `ADD` and `COPY`.
enum CopyRules {
    static func check(_ file: AuditedFile, _ report: inout DockerfileReport) {
        /// Stages that have a working directory of their own, by number.
        var workdirs: Set<Int> = []
        for stage in file.stages {
            if let parent = file.parent(of: stage), workdirs.contains(parent.number) {
                workdirs.insert(stage.number)
            }
            var archives: [String: Step] = [:]
            for step in stage.steps where !step.isTrigger {
                switch step.content {
                case .workdir: workdirs.insert(stage.number)
                case .add(let copying): checkAdd(copying, step, &report)
                case .copy(let copying):
                    checkCopy(copying, step, hasWorkdir: workdirs.contains(stage.number), &report)
                    checkSource(copying, step, stage, in: file, &report)
                    if copying.from == nil { remember(copying, step, &archives) }
                case .run:
                    for name in unpacked(by: step) {
                        if let copy = archives.removeValue(forKey: name) { report.add(.archiveByRun, copy, name) }
                    }
                default: break
                }
            }
        }
    }

    // MARK: ADD

    private static let archiveEndings = [
        ".tar", ".gz", ".bz2", ".xz", ".zst", ".Z", ".lz", ".lzma", ".tZ", ".tb2", ".tbz", ".tbz2", ".tgz", ".tlz",
        ".tpz", ".txz", ".tzst",
    ]

    private static func isArchive(_ name: String) -> Bool { archiveEndings.contains { name.hasSuffix($0) } }

    private static func isRemote(_ source: String) -> Bool {
        source.hasPrefix("https://") || source.hasPrefix("http://")
    }

    private static func isGit(_ source: String) -> Bool {
        source.hasPrefix("git://") || source.hasPrefix("git@") || source.hasPrefix("ssh://")
            || isRemote(source) && (source.hasSuffix(".git") || source.contains(".git#"))
    }

    private static func checkAdd(_ copying: Copying, _ step: Step, _ report: inout DockerfileReport) {
        let sources = copying.sources.map(\.unquotedText)
        if let local = sources.first(where: { !isArchive($0) && !isRemote($0) && !isGit($0) }) {
            report.add(.addLocal, step, local)
        }
        if copying.checksum == nil, let remote = sources.first(where: { isRemote($0) && !isGit($0) }) {
            report.add(.addUnverified, step, remote)
        }
    }

    // MARK: COPY

    private static func checkCopy(
        _ copying: Copying, _ step: Step, hasWorkdir: Bool, _ report: inout DockerfileReport
    ) {
        let destination = copying.destination.unquotedText
        if copying.sources.count > 1, !destination.hasSuffix("/"), destination != "." {
            report.add(.copyDestination, step, destination)
        }
        let isAbsolute =
            destination.hasPrefix("/") || destination.hasPrefix("$") || destination.dropFirst().hasPrefix(":\\")
            || destination.dropFirst().hasPrefix(":/")
        if !hasWorkdir, !isAbsolute { report.add(.copyRelative, step, destination) }
    }

    private static func checkSource(
        _ copying: Copying, _ step: Step, _ stage: AuditedStage, in file: AuditedFile, _ report: inout DockerfileReport
    ) {
        guard let from = copying.from?.text else { return }
        if from.lowercased() == stage.stage.name, file.stage(named: from, before: stage.number) == nil {
            report.add(.copyFromSelf, step, from)
        } else if let number = Int(from) {
            if number < 0 || number > stage.number { report.add(.copyFromUnknown, step, from) }
        } else if file.stage(named: from, before: stage.number) == nil, !from.contains(":"), !from.contains("@") {
            report.add(.copyFromUnknown, step, from)
        }
        if copying.sources.contains(where: { $0.unquotedText == "/" }), copying.destination.unquotedText == "/" {
            report.add(.copyRoot, step)
        }
    }

    // MARK: Archives

    private static func baseName(_ path: String) -> String {
        String(path[(path.lastIndex { $0 == "/" || $0 == "\\" }.map { path.index(after: $0) } ?? path.startIndex)...])
    }

    private static func remember(_ copying: Copying, _ step: Step, _ archives: inout [String: Step]) {
        let destination = copying.destination.unquotedText
        let names = isArchive(destination) ? [destination] : copying.sources.map(\.unquotedText).filter(isArchive)
        for name in names { archives[baseName(name)] = step }
    }

    private static let unpackers: Set<String> = [
        "unzip", "gunzip", "bunzip2", "unlzma", "unxz", "zgz", "uncompress", "zcat", "gzcat",
    ]

    private static func unpacked(by step: Step) -> [String] {
        (step.script?.commands ?? []).filter { command in
            guard command.name == "tar" else { return unpackers.contains(command.name) }
            return command.has("--extract", "--get")
                || command.arguments.contains { $0.hasPrefix("-") && $0.contains("x") }
        }.flatMap { $0.operands().map(baseName) }
    }
}
