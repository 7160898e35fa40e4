internal import Dockerfile

/// What `RUN` runs, but for package managers.
enum CommandRules {
    static func check(_ file: AuditedFile, _ report: inout DockerfileReport) {
        for stage in file.stages {
            var isPipeSafe = false
            var downloaders: Set<String> = []
            // What triggers run does not meet what the stage runs.
            var triggered: Set<String> = []
            var previous: Previous?
            for step in stage.steps {
                guard let script = step.script else {
                    if case .shell(let words) = step.content, !step.isTrigger { isPipeSafe = setsPipefail(words) }
                    if !step.isTrigger || previous != nil { previous = nil }
                    continue
                }
                checkCommands(script, step, &report)
                let used = Set(script.commands.map(\.name)).intersection(["curl", "wget"])
                if step.isTrigger { triggered.formUnion(used) } else { downloaders.formUnion(used) }
                if !used.isEmpty, (step.isTrigger ? triggered : downloaders).count > 1 {
                    report.add(.wgetAndCurl, step)
                }
                if step.isTrigger {
                    previous = nil
                    continue
                }
                if script.runs("cd") { report.add(.runDirectory, step) }
                if script.hasPipe, !isPipeSafe { report.add(.pipefail, step) }
                checkConsecutive(step, script, &previous, &report)
            }
        }
    }

    private static let pointless: Set<String> = [
        "free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim",
    ]

    private static func checkCommands(_ script: ShellScript, _ step: Step, _ report: inout DockerfileReport) {
        if let command = script.commands.first(where: { pointless.contains($0.name) }) {
            report.add(.runPointless, step, command.name)
        }
        if script.runs("sudo") { report.add(.runSudo, step) }
        if script.runs("apt") { report.add(.runApt, step) }
        if script.commands.contains(where: makesLog) { report.add(.useraddHighID, step) }
        if script.commands.contains(where: { $0.name == "wget" && !isQuiet($0) }) { report.add(.wgetProgress, step) }
        if script.commands.contains(where: { $0.name == "ln" && $0.arguments.contains("/bin/sh") }) {
            report.add(.shellByLink, step)
        }
        if runsDownload(script) { report.add(.pipeToShell, step) }
        if let command = script.commands.first(where: { option(without: $0) != nil }) {
            report.add(.downloadUnverified, step, option(without: command).map { "\(command.name) \($0)" })
        }
        for command in script.commands where command.name == "chmod" {
            guard let mode = command.operands().first else { continue }
            if ChmodMode.isWorldWritable(mode) { report.add(.runWorldWritable, step, "chmod \(mode)") }
            if ChmodMode.isSetID(mode) { report.add(.runSetID, step, "chmod \(mode)") }
        }
    }

    private static func makesLog(_ command: ShellCommand) -> Bool {
        command.name == "useradd" && !command.hasFlag("l", "no-log-init")
            && command.value(of: "u", "uid").map { $0.count > 5 } ?? false
    }

    private static func isQuiet(_ command: ShellCommand) -> Bool {
        command.has("-nv")
            || command.hasFlag("progress", "q", "quiet", "o", "output-file", "a", "append-output", "no-verbose")
    }

    // MARK: Downloads

    private static let shells: Set<String> = [
        "sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node",
    ]

    /// A download piped into an interpreter, or given to one as its command.
    private static func runsDownload(_ script: ShellScript) -> Bool {
        guard script.runs("curl", "wget") else { return false }
        if script.hasPipe {
            for (one, other) in zip(script.commands, script.commands.dropFirst())
            where one.name == "curl" || one.name == "wget" {
                let runner = other.name == "sudo" || other.name == "env" ? other.operands().first ?? "" : other.name
                if shells.contains(runner), other.operands().allSatisfy({ $0 == "-" || $0 == runner }) { return true }
            }
        }
        return script.commands.contains { command in
            shells.contains(command.name) && command.hasFlag("c") && command.arguments.contains(ShellCommand.unknown)
        }
    }

    /// The option by which a command does not check what it gets.
    private static func option(without command: ShellCommand) -> String? {
        switch command.name {
        case "curl": command.arguments.first { $0 == "--insecure" || isShort($0, "k") }
        case "wget": command.arguments.first { $0 == "--no-check-certificate" }
        case "apt-get", "apt":
            command.arguments.first {
                $0 == "--allow-unauthenticated" || $0 == "--force-yes" || $0 == "--allow-insecure-repositories"
            }
        case "apk": command.arguments.first { $0 == "--allow-untrusted" }
        case "yum", "dnf", "microdnf", "tdnf": command.arguments.first { $0 == "--nogpgcheck" || $0 == "--nogpg" }
        case "zypper": command.arguments.first { $0 == "--no-gpg-checks" }
        case "pip", "pip3": command.arguments.first { $0.hasPrefix("--trusted-host") }
        case "git": command.arguments.first { $0.lowercased().hasPrefix("http.sslverify=false") }
        case "npm", "yarn": command.has("strict-ssl") && command.has("false") ? "strict-ssl false" : nil
        default: nil
        }
    }

    private static func isShort(_ argument: String, _ letter: Character) -> Bool {
        argument.hasPrefix("-") && !argument.hasPrefix("--") && argument.dropFirst().allSatisfy(\.isLetter)
            && argument.contains(letter)
    }

    // MARK: Shells and lines

    private static func setsPipefail(_ words: [[UInt8]]) -> Bool {
        let script = ShellScript(Array(words.joined(separator: [0x20])))
        guard let command = script.commands.first else { return false }
        let name = command.name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
        if ["pwsh", "powershell", "cmd"].contains(where: { name.lowercased().hasPrefix($0) }) { return true }
        return ["bash", "zsh", "ash"].contains(name) && command.hasFlag("o") && command.has("pipefail")
    }

    /// A `RUN` that another one could be joined to.
    private struct Previous {
        let mounts: [String]
        let commands: Int
    }

    /// Lines of several commands are taken for deliberate, as are those with other mounts.
    private static func checkConsecutive(
        _ step: Step, _ script: ShellScript, _ previous: inout Previous?, _ report: inout DockerfileReport
    ) {
        if let last = previous, last.mounts == step.mounts, script.commands.count <= 1, last.commands <= 1 {
            report.add(.runConsecutive, step)
        } else {
            previous = Previous(mounts: step.mounts, commands: script.commands.count)
        }
    }
}

/// The modes that chmod(1) takes, as far as two questions go.
enum ChmodMode {
    static func isWorldWritable(_ mode: String) -> Bool {
        if let number = octal(mode) { return number & 0o2 != 0 && number & 0o1000 == 0 }
        return clauses(mode).contains { clause in
            let who = clause.prefix { "ugoa".contains($0) }
            let rest = clause.dropFirst(who.count)
            return rest.first.map { $0 == "+" || $0 == "=" } ?? false && rest.contains("w")
                && (who.contains("o") || who.contains("a"))
        }
    }

    static func isSetID(_ mode: String) -> Bool {
        if let number = octal(mode) { return number & 0o6000 != 0 }
        return clauses(mode).contains { clause in
            let rest = clause.drop { "ugoa".contains($0) }
            return rest.first.map { $0 == "+" || $0 == "=" } ?? false && rest.contains("s")
        }
    }

    private static func octal(_ mode: String) -> Int? {
        mode.utf8.allSatisfy { (0x30...0x37).contains($0) } ? Int(mode, radix: 8) : nil
    }

    private static func clauses(_ mode: String) -> [Substring] { mode.split(separator: ",") }
}
