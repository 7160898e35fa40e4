internal import Dockerfile

/// `FROM`, and the users that the stages end with.
enum BaseRules {
    static func check(
        _ file: AuditedFile, _ configuration: AuditConfiguration, _ report: inout DockerfileReport
    ) {
        var names: Set<String> = []
        for stage in file.stages {
            if file.parent(of: stage) == nil { checkImage(stage, configuration, &report) }
            checkPlatform(stage, &report)
            if let name = stage.stage.name {
                if !names.insert(name).inserted { report.add(.stageRepeated, stage, name) }
                if name == "scratch" || name == "context" { report.add(.stageReserved, stage, name) }
            }
            checkUsers(stage, &report)
        }
        if let last = file.stages.last, !setsUser(last, in: file) { report.add(.userMissing, last) }
    }

    private static func checkImage(
        _ stage: AuditedStage, _ configuration: AuditConfiguration, _ report: inout DockerfileReport
    ) {
        guard stage.base != "scratch" else { return }
        let isVariable = stage.imageName.hasPrefix("$")
        if !isTrusted(stage, configuration.trustedRegistries), !isVariable {
            report.add(.baseUntrusted, stage, stage.registry ?? "docker.io")
        }
        guard stage.digest == nil else { return }
        if stage.tag == "latest" {
            report.add(.baseLatest, stage, stage.base)
        } else if stage.tag == nil, !isVariable {
            report.add(.baseUntagged, stage, stage.base)
        } else if !isVariable {
            report.add(.baseUndigested, stage, stage.stage.base.text)
        }
    }

    private static func isTrusted(_ stage: AuditedStage, _ trusted: [String]) -> Bool {
        guard !trusted.isEmpty else { return true }
        let registry = stage.registry
        return trusted.contains { pattern in
            if pattern == "*" { return true }
            guard let registry else { return pattern == "docker.io" || pattern == "hub.docker.com" }
            if pattern.hasPrefix("*") { return registry.hasSuffix(pattern.dropFirst()) }
            if pattern.hasSuffix("*") { return registry.hasPrefix(pattern.dropLast()) }
            return registry == pattern
        }
    }

    private static func checkPlatform(_ stage: AuditedStage, _ report: inout DockerfileReport) {
        guard let platform = stage.stage.platform?.text else { return }
        switch platform {
        case "$TARGETPLATFORM", "${TARGETPLATFORM}": report.add(.basePlatformRedundant, stage)
        case "$BUILDPLATFORM", "${BUILDPLATFORM}": break
        default: report.add(.basePlatform, stage, platform)
        }
    }

    private static func checkUsers(_ stage: AuditedStage, _ report: inout DockerfileReport) {
        var last: Step?
        for step in stage.steps where !step.isTrigger {
            guard case .user(let bytes) = step.content else { continue }
            let user = bytes.text.split(separator: ":", omittingEmptySubsequences: false).first ?? ""
            if !user.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { report.add(.userByName, step, bytes.text) }
            last = isRoot(bytes.text) ? step : nil
        }
        if let last { report.add(.userRoot, last) }
    }

    private static func isRoot(_ user: String) -> Bool {
        user == "root" || user == "0" || user.hasPrefix("root:") || user.hasPrefix("0:")
    }

    /// Whether the stage, or one that it is built on, says who runs it.
    private static func setsUser(_ stage: AuditedStage, in file: AuditedFile) -> Bool {
        var current: AuditedStage? = stage
        while let stage = current {
            for case .user in stage.steps.lazy.filter({ !$0.isTrigger }).map(\.content) { return true }
            current = file.parent(of: stage)
        }
        return false
    }
}
