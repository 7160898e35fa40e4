internal import OCI

/// What the configuration of an image says about how it runs, and what it gives away.
enum ConfigurationRules {
    static func check(_ image: OpenedImage, _ report: inout ImageReport) {
        let execution = image.config.execution
        checkUser(execution.user ?? "", &report)
        for port in execution.exposedPorts where port == "22" || port == "22/tcp" {
            report.add(.imageExposeSSH, .configuration("config.ExposedPorts"), port)
        }
        for path in execution.volumes where SystemDirectory.isCovered(path) {
            report.add(.imageVolumeSystem, .configuration("config.Volumes"), oneLine(path))
        }
        for (index, variable) in execution.environment.enumerated() { checkVariable(variable, index, &report) }
        for (key, value) in execution.labels.sorted(by: { $0.key < $1.key }) {
            guard let problem = SecretText.problem(name: key, value: value) else { continue }
            report.add(.secretLabel, .configuration("config.Labels[\(oneLine(key, atMost: 60))]"), problem)
        }
        for (member, words) in [("Entrypoint", execution.entrypoint), ("Cmd", execution.command)] {
            guard let problem = SecretText.problem(inCommand: (words ?? []).joined(separator: " ")) else { continue }
            report.add(.secretEnvironment, .configuration("config.\(member)"), problem)
        }
        for (index, step) in image.config.history.enumerated() {
            let text = step.createdBy ?? ""
            let problem = SecretText.problem(inCommand: text) ?? step.comment.flatMap { SecretText.problem(in: $0) }
            guard let problem else { continue }
            report.add(.secretHistory, .history(index, createdBy: SecretText.masked(text)), problem)
        }
        checkBase(image, &report)
    }

    private static func checkUser(_ user: String, _ report: inout ImageReport) {
        let name = user.split(separator: ":", omittingEmptySubsequences: false).first ?? ""
        guard name.isEmpty || name == "root" || Int(name) == 0 else { return }
        report.add(.imageUserRoot, .configuration("config.User"), user.isEmpty ? "no user is set" : nil)
    }

    private static func checkVariable(_ variable: String, _ index: Int, _ report: inout ImageReport) {
        guard let sign = variable.firstIndex(of: "=") else { return }
        let name = String(variable[..<sign])
        let value = String(variable[variable.index(after: sign)...])
        let place = AuditFinding.Place.configuration("config.Env[\(index)]")
        if let problem = SecretText.problem(name: name, value: value) { report.add(.secretEnvironment, place, problem) }
        guard name == "PATH" else { return }
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        if let part = parts.first(where: { !$0.hasPrefix("/") }) {
            report.add(.pathRelative, place, part.isEmpty ? "an empty one" : oneLine(String(part)))
        }
    }

    /// Where builders write down what they built on: labels, and annotations of the manifest.
    private static func checkBase(_ image: OpenedImage, _ report: inout ImageReport) {
        let labels = image.config.execution.labels
        if labels[Annotation.baseDigest] != nil || image.manifest?.annotations[Annotation.baseDigest] != nil { return }
        if let name = labels[Annotation.baseName] ?? image.manifest?.annotations[Annotation.baseName] {
            guard !name.contains("@sha256:") else { return }
            report.add(
                .imageBaseUnpinned, .configuration("config.Labels[\(Annotation.baseName)]"), oneLine(name))
        } else {
            report.add(.imageBaseUnrecorded, .configuration("config.Labels"))
        }
    }
}
