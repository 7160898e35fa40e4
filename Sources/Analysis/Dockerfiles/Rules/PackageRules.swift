internal import Dockerfile

/// Package managers in `RUN`.
enum PackageRules {
    static func check(_ file: AuditedFile, _ report: inout DockerfileReport) {
        /// Stages whose environment switches pip's cache off, by number.
        var withoutPipCache: Set<Int> = []
        for stage in file.stages {
            var pipHasNoCache = file.parent(of: stage).map { withoutPipCache.contains($0.number) } ?? false
            defer { if pipHasNoCache { withoutPipCache.insert(stage.number) } }
            var forgotten: [Step] = []
            for step in stage.steps {
                if case .env(let pairs) = step.content, !step.isTrigger {
                    pipHasNoCache = pipHasNoCache || pairs.contains(where: switchesPipCacheOff)
                }
                guard let script = step.script else { continue }
                checkApt(script, step, &report)
                checkApk(script, step, &report)
                checkYum(script, step, &report)
                checkDnf(script, step, &report)
                checkZypper(script, step, &report)
                LanguagePackageRules.check(script, step, pipHasNoCache: pipHasNoCache, &report)
                if leavesAptLists(script, step) { forgotten.append(step) }
            }
            // What a stage leaves matters only where it goes into an image.
            guard file.keeps(stage) else { continue }
            for step in forgotten { report.add(.aptLists, step) }
        }
    }

    // MARK: Debian, Alpine

    private static func checkApt(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        let installs = script.commands("apt-get", with: "install")
        guard !installs.isEmpty else { return }
        let packages = installs.flatMap { $0.operands(takingValues: ["t", "target-release"]) }.filter {
            $0 != "install"
        }
        if let name = packages.first(where: { !$0.contains("=") && !$0.contains("/") && !$0.hasSuffix(".deb") }) {
            report.add(.aptUnpinned, step, name)
        }
        if installs.contains(where: { !$0.hasFlag("y", "yes", "q", "assume-yes") }) { report.add(.aptAsks, step) }
        if installs.contains(where: { !refusesRecommended($0) }) { report.add(.aptRecommends, step) }
    }

    private static func refusesRecommended(_ command: ShellCommand) -> Bool {
        command.hasFlag("no-install-recommends") || command.has("APT::Install-Recommends=false")
    }

    private static func leavesAptLists(_ script: ShellScript, _ step: Step) -> Bool {
        guard !(script.commands("apt-get", with: "update") + script.commands("apt", with: "update")).isEmpty else {
            return false
        }
        let removes = script.commands.contains { command in
            command.name == "rm" && command.hasFlag("r", "R", "recursive")
                && command.arguments.contains { $0 == "/var/lib/apt/lists/*" || isListDirectory($0) }
        }
        return !removes && !step.caches("/var/lib/apt/lists")
            && !(step.caches("/var/lib/apt") && step.caches("/var/cache/apt"))
    }

    private static func isListDirectory(_ path: String) -> Bool {
        path == "/var/lib/apt/lists" || path == "/var/lib/apt/lists/"
    }

    private static func checkApk(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        let adds = script.commands("apk", with: "add")
        guard !adds.isEmpty else { return }
        let packages = adds.flatMap { $0.operands(takingValues: ["t", "virtual", "repository", "X"]) }
        if let name = packages.first(where: {
            $0 != "add" && !$0.contains("=") && !$0.contains("~") && !$0.hasSuffix(".apk")
        }) {
            report.add(.apkUnpinned, step, name)
        }
        if adds.contains(where: { !$0.hasFlag("no-cache") }), !step.caches("/var/cache/apk") {
            report.add(.apkCache, step)
        }
    }

    // MARK: Red Hat, SUSE

    private static func checkYum(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        let installs = script.commands("yum", with: "install")
        guard !installs.isEmpty else { return }
        if installs.contains(where: { !$0.hasFlag("y", "assumeyes") && !asksNothing($0) }) {
            report.add(.yumAsks, step)
        }
        let cleans = script.commands.contains {
            $0.name == "yum" && $0.has("clean", "all") || removesCache($0, ["/var/cache/yum/*"])
        }
        if !cleans { report.add(.yumCache, step) }
        if let name = unpinned(installs, isFixed: isVersionedRPM) {
            report.add(.yumUnpinned, step, name)
        }
    }

    /// Two `-q` imply `-y` for some programs of the family, so one is taken as well.
    private static func asksNothing(_ command: ShellCommand) -> Bool { command.hasFlag("yes", "assume-yes") }

    private static func removesCache(_ command: ShellCommand, _ paths: [String]) -> Bool {
        command.name == "rm" && command.arguments.contains { paths.contains($0) }
    }

    /// A package, or a module, without a version.
    private static func unpinned(_ installs: [ShellCommand], isFixed: (String) -> Bool) -> String? {
        for command in installs {
            let isModule = command.has("module")
            for name in command.operands() where name != "install" && name != "module" {
                if isModule ? !name.contains(":") : !isFixed(name) { return name }
            }
        }
        return nil
    }

    private static func checkDnf(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        let names = ["dnf", "microdnf"].filter { !script.commands($0, with: "install", "upgrade").isEmpty }
        guard !names.isEmpty else { return }
        let installs = names.flatMap { script.commands($0, with: "install") }
        if installs.contains(where: { !$0.hasFlag("y", "assumeyes") && !asksNothing($0) }) {
            report.add(.dnfAsks, step)
        }
        for name in names {
            let install = script.commands.firstIndex { $0.name == name && $0.has("install", "upgrade") }
            let clean = script.commands.firstIndex {
                $0.name == name && $0.has("clean", "all") || removesCache($0, ["/var/cache/yum/*", "/var/cache/dnf/*"])
            }
            if let install, clean.map({ $0 < install }) ?? true {
                report.add(.dnfCache, step)
                break
            }
        }
        if let name = unpinned(installs.filter { !$0.has("group") }, isFixed: isVersionedRPM) {
            report.add(.dnfUnpinned, step, name)
        }
    }

    /// `NAME-VERSION[-RELEASE]`: all after the first hyphen looks like a version.
    private static func isVersionedRPM(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        if name.hasSuffix(".rpm") { return true }
        guard parts.count > 1 else { return false }
        return parts.dropFirst().contains { $0.utf8.first.map { (0x30...0x39).contains($0) } ?? false }
    }

    private static func checkZypper(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        let asking = script.commands("zypper", with: "install", "in", "remove", "rm", "source-install", "si", "patch")
        if asking.contains(where: { !$0.hasFlag("no-confirm", "y") && !$0.hasFlag("n", "non-interactive") }) {
            report.add(.zypperAsks, step)
        }
        if !script.commands("zypper", with: "dist-upgrade", "dup").isEmpty { report.add(.zypperUpgrade, step) }
        let installs = script.commands("zypper", with: "install", "in")
        guard let install = script.commands.firstIndex(where: { $0.name == "zypper" && $0.has("install", "in") }) else {
            return
        }
        let clean = script.commands.firstIndex { $0.name == "zypper" && $0.has("clean", "cc") }
        if clean.map({ $0 < install }) ?? true { report.add(.zypperCache, step) }
        let packages = installs.flatMap { $0.operands() }
        if let name = packages.first(where: {
            $0 != "install" && $0 != "in" && !$0.contains("=") && !$0.contains("<") && !$0.contains(">")
                && !$0.hasSuffix(".rpm")
        }) {
            report.add(.zypperUnpinned, step, name)
        }
    }

    private static func switchesPipCacheOff(_ pair: KeyValue) -> Bool {
        pair.key == Array("PIP_NO_CACHE_DIR".utf8) && LanguagePackageRules.isTrue(pair.value.unquotedText)
    }
}
