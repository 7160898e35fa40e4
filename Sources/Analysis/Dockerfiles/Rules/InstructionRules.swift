internal import Dockerfile

/// Instructions of a stage other than `RUN`, `COPY`, `ADD` and `USER`.
enum InstructionRules {
    static func check(_ file: AuditedFile, _ report: inout DockerfileReport) {
        for stage in file.stages {
            var environment = Environment()
            var commands = 0
            var entrypoints = 0
            var healthchecks = 0
            for step in stage.steps {
                checkNames(step, &report)
                if step.isTrigger { continue }
                switch step.content {
                case .cmd(let command):
                    commands += 1
                    if commands > 1 { report.add(.commandRepeated, step) }
                    if command.isShellForm, !command.words.isEmpty { report.add(.shellForm, step) }
                case .entrypoint(let command):
                    entrypoints += 1
                    if entrypoints > 1 { report.add(.entrypointRepeated, step) }
                    if command.isShellForm, !command.words.isEmpty { report.add(.shellForm, step) }
                case .healthcheck(let check):
                    healthchecks += 1
                    if healthchecks > 1 { report.add(.healthcheckRepeated, step) }
                    if check.command?.isShellForm ?? false { report.add(.shellForm, step) }
                case .env(let pairs): environment.set(pairs, step, &report)
                case .arg(let arguments): for argument in arguments { environment.declare(argument.name) }
                case .maintainer: report.add(.maintainer, step)
                case .label(let pairs):
                    if let bad = pairs.first(where: { !isLabelKey($0.key.unquotedText) }) {
                        report.add(.labelKey, step, bad.key.text)
                    }
                case .workdir(let path): checkWorkdir(path.unquotedText, step, &report)
                case .expose(let words): checkPorts(words.map(\.text), step, &report)
                case .volume(let paths):
                    if let path = paths.map(\.unquotedText).first(where: SystemDirectory.isCovered) {
                        report.add(.volumeSystem, step, path)
                    }
                default: break
                }
            }
        }
    }

    private static func checkWorkdir(_ path: String, _ step: Step, _ report: inout DockerfileReport) {
        let rest = path.dropFirst()
        guard path.hasPrefix("/") || path.hasPrefix("$") || rest.hasPrefix(":\\") || rest.hasPrefix(":/") else {
            report.add(.workdirRelative, step, path)
            return
        }
    }

    private static func checkPorts(_ words: [String], _ step: Step, _ report: inout DockerfileReport) {
        for word in words where !word.contains("$") {
            let port = word.split(separator: ":").last?.prefix { $0 != "/" } ?? ""
            let numbers = port.split(separator: "-").map { Int($0) }
            if numbers.contains(where: { $0 ?? 0 > 65535 }) { report.add(.portInvalid, step, word) }
            if numbers == [22] { report.add(.exposeSSH, step) }
        }
    }

    private static func isLabelKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        func isLower(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard let first = bytes.first, let last = bytes.last, isLower(first), isLower(last) || isDigit(last) else {
            return false
        }
        let reserved = ["com.docker.", "io.docker.", "org.dockerproject."]
        return bytes.allSatisfy { isLower($0) || isDigit($0) || "._-".utf8.contains($0) }
            && !reserved.contains { key.hasPrefix($0) } && !key.contains("..") && !key.contains("--")
    }

    // MARK: Secrets by name

    /// Words that make a variable's name that of a secret.
    private static let secretWords = [
        "api_key", "client_key", "password", "private", "secret", "token", "username",
    ]

    /// Names that services give their credentials, without any of those words.
    private static let secretNames: Set<String> = [
        "APPLICATION_KEY", "AWS_ACCESS_KEY_ID", "CI_DEPLOY_USER", "DOCKER_EMAIL", "FACEBOOK_APP_ID", "HEROKU_API_USER",
        "OKTA_AUTHN_GROUPID", "OKTA_CLIENT_ORGURL", "OKTA_OAUTH2_CLIENTID", "STRIPE_DEVICE_NAME", "TRAVIS_OS_NAME",
        "TRAVIS_SUDO",
    ]

    private static func checkNames(_ step: Step, _ report: inout DockerfileReport) {
        let names: [String]
        switch step.content {
        case .env(let pairs): names = pairs.map(\.key.text)
        case .arg(let arguments): names = arguments.map(\.name.text)
        default: return
        }
        if let name = names.first(where: { name in
            secretNames.contains(name.uppercased()) || secretWords.contains { name.lowercased().contains($0) }
        }) {
            report.add(.secretName, step, name)
        }
    }

    // MARK: Variables

    /// The variables of a stage, as far as `ENV` may use them.
    private struct Environment {
        private var names: Set<String> = []

        mutating func declare(_ name: [UInt8]) { names.insert(name.text) }

        mutating func set(_ pairs: [KeyValue], _ step: Step, _ report: inout DockerfileReport) {
            let own = Set(pairs.map(\.key.text))
            for pair in pairs {
                let used = Self.variables(in: pair.value)
                if let name = used.first(where: { $0 != pair.key.text && own.contains($0) && !names.contains($0) }) {
                    report.add(.environmentSelf, step, name)
                    break
                }
            }
            names.formUnion(own)
        }

        /// The names after `$` and `${`, but for those that single quotes or a backslash protect.
        private static func variables(in value: [UInt8]) -> [String] {
            var result: [String] = []
            var isQuoted = false
            var index = 0
            while index < value.count {
                let byte = value[index]
                index += 1
                if byte == UInt8(ascii: "'") { isQuoted.toggle() }
                if byte == UInt8(ascii: "\\") { index += 1 }
                guard byte == UInt8(ascii: "$"), !isQuoted else { continue }
                if index < value.count, value[index] == UInt8(ascii: "{") { index += 1 }
                let start = index
                while index < value.count,
                    value[index] == UInt8(ascii: "_") || (0x30...0x39).contains(value[index])
                        || (0x61...0x7a).contains(value[index] | 0x20)
                {
                    index += 1
                }
                if index > start { result.append(String(decoding: value[start..<index], as: UTF8.self)) }
            }
            return result
        }
    }
}

/// Directories that belong to the system of an image.
enum SystemDirectory {
    private static let whole = [
        "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr",
    ]
    private static let themselves = ["/", "/root", "/var", "/var/lib/dpkg", "/var/lib/apt", "/lib/apk", "/var/lib/rpm"]

    /// Whether a volume at that path would hide parts of the system.
    static func isCovered(_ path: String) -> Bool {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if themselves.contains(path) { return true }
        // Local additions are data as often as not.
        if path.hasPrefix("/usr/local/") || path.hasPrefix("/usr/share/") || path.hasPrefix("/usr/src/") {
            return false
        }
        if path.hasPrefix("/etc/") { return false }
        return whole.contains { path == $0 || path.hasPrefix($0 + "/") }
    }
}
