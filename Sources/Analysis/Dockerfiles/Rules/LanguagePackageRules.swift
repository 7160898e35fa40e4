/// pip, npm, gem, go and yarn in `RUN`.
enum LanguagePackageRules {
    static func check(
        _ script: ShellScript, _ step: Step, pipHasNoCache: Bool, _ report: inout DockerfileReport
    ) {
        if let name = script.commands.lazy.compactMap(unpinnedPip).first { report.add(.pipUnpinned, step, name) }
        let caches = script.commands.contains { isPipInstall($0) && !$0.has("--no-cache-dir") && !isWrapper($0) }
        let isMounted = step.caches("/root/.cache/pip") || step.mounts(cache: "/root/.cache")
        if caches, !pipHasNoCache, !isMounted, !setsPipVariable(script.text) { report.add(.pipCache, step) }
        if let name = script.commands.lazy.compactMap(unpinnedNpm).first { report.add(.npmUnpinned, step, name) }
        if let name = script.commands.lazy.compactMap(unpinnedGem).first { report.add(.gemUnpinned, step, name) }
        if let name = script.commands.lazy.compactMap(unpinnedGo).first { report.add(.goUnpinned, step, name) }
        if !script.commands("yarn", with: "install").isEmpty, script.commands("yarn", with: "cache", "clean").isEmpty {
            report.add(.yarnCache, step)
        }
    }

    static func isTrue(_ value: String) -> Bool { ["1", "true", "on", "yes"].contains(value.lowercased()) }

    // MARK: pip

    private static func isPipInstall(_ command: ShellCommand) -> Bool {
        guard command.has("install") else { return false }
        if command.name.hasPrefix("pip") { return true }
        return command.name.hasPrefix("python") && follows("-m", "pip", in: command)
    }

    private static func follows(_ word: String, _ next: String, in command: ShellCommand) -> Bool {
        zip(command.arguments, command.arguments.dropFirst()).contains { $0 == word && $1 == next }
    }

    private static func isWrapper(_ command: ShellCommand) -> Bool {
        ["pipx", "pipenv"].contains { name in
            command.name.contains(name) || command.name.hasPrefix("python") && follows("-m", name, in: command)
        }
    }

    /// The variable is set for the command itself.
    private static func setsPipVariable(_ text: String) -> Bool {
        guard let range = text.firstRange(of: "PIP_NO_CACHE_DIR=") else { return false }
        return isTrue(String(text[range.upperBound...].prefix { $0.isLetter || $0.isNumber }))
    }

    private static let pipValues: Set<String> = [
        "abi", "b", "build", "e", "editable", "extra-index-url", "f", "find-links", "i", "index-url", "implementation",
        "no-binary", "only-binary", "platform", "prefix", "progress-bar", "proxy", "python-version", "root", "src", "t",
        "target", "trusted-host", "upgrade-strategy",
    ]

    private static func unpinnedPip(_ command: ShellCommand) -> String? {
        guard isPipInstall(command), !command.has("--requirement", "-r", "."), !command.hasFlag("constraint", "c")
        else {
            return nil
        }
        return command.operands(takingValues: pipValues).drop { $0 != "install" }.dropFirst().first {
            !isPinnedPip($0)
        }
    }

    private static func isPinnedPip(_ name: String) -> Bool {
        let isVersionControl = ["git", "hg+", "svn", "bzr+"].contains { name.hasPrefix($0) } && name.contains(":")
        if ["=", "<", ">"].contains(where: { name.contains($0) }), !isVersionControl { return true }
        if isVersionControl { return name.contains("@") || name.contains("==") }
        return name.hasSuffix(".whl") || name.hasSuffix(".tar.gz") || name.contains("/")
    }

    // MARK: npm, gem, go

    private static func unpinnedNpm(_ command: ShellCommand) -> String? {
        let operands = command.operands()
        guard command.name == "npm", operands.first == "install" else { return nil }
        return operands.drop { $0 == "install" }.first { !isPinnedNpm($0) }
    }

    private static func isPinnedNpm(_ name: String) -> Bool {
        if ["git://", "git+ssh://", "git+http://", "git+https://"].contains(where: { name.hasPrefix($0) }) {
            return name.contains("#")
        }
        if [".tar", ".tar.gz", ".tgz"].contains(where: { name.hasSuffix($0) }) { return true }
        if ["/", "./", "../", "~/"].contains(where: { name.hasPrefix($0) }) { return true }
        return name.dropFirst().contains("@")
    }

    private static func unpinnedGem(_ command: ShellCommand) -> String? {
        guard command.name == "gem", command.has("install", "i"), !command.has("-v", "--version"),
            !command.arguments.contains(where: { $0.hasPrefix("--version=") })
        else { return nil }
        return command.operands().first { $0 != "install" && $0 != "i" && $0 != "--" && !$0.contains(":") }
    }

    private static func unpinnedGo(_ command: ShellCommand) -> String? {
        guard command.name == "go", let verb = command.operands().first, ["install", "get", "run"].contains(verb) else {
            return nil
        }
        return command.operands().dropFirst().first { name in
            guard let at = name.lastIndex(of: "@") else { return !name.hasPrefix(".") && !name.hasSuffix(".go") }
            return name[at...] == "@latest"
        }
    }
}
