internal import Dockerfile

/// Secrets that are written into the Dockerfile itself.
enum SecretRules {
    static func check(_ file: AuditedFile, _ report: inout DockerfileReport) {
        for argument in file.dockerfile.globalArguments { check(Step(argument), &report) }
        for stage in file.stages {
            for step in stage.steps { check(step, &report) }
        }
    }

    private static func check(_ step: Step, _ report: inout DockerfileReport) {
        let problem: String?
        switch step.content {
        case .env(let pairs), .label(let pairs):
            problem =
                pairs.lazy.compactMap { SecretText.problem(name: $0.key.text, value: $0.value.unquotedText) }.first
        case .arg(let arguments):
            problem =
                arguments.lazy.compactMap { argument in
                    argument.value.flatMap { SecretText.problem(name: argument.name.text, value: $0.unquotedText) }
                }.first
        case .run: problem = step.script.flatMap { SecretText.problem(inCommand: $0.text) }
        case .cmd(let command), .entrypoint(let command):
            problem = SecretText.problem(inCommand: command.words.map(\.text).joined(separator: " "))
        case .add(let copying), .copy(let copying):
            problem =
                (copying.sources.map(\.text) + copying.files.map(\.content.text)).lazy
                .compactMap { SecretText.problem(in: $0) }.first
        default: problem = nil
        }
        if let problem { report.add(.secretWritten, step, problem) }
    }
}
