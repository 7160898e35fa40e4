import ArgumentParser
import Build
import Dockerfile
import OCI

/// BuildKit's checks of a Dockerfile.
struct BuildChecks {
    private let findings: [CheckFinding]
    private let failsBuild: Bool

    init(_ opened: OpenedInputs, _ request: BuildRequest) throws {
        let options =
            try request.check.map {
                try CheckOptions($0, at: SourceLocation(file: "BUILDKIT_DOCKERFILE_CHECK", firstLine: 1, lastLine: 1))
            } ?? CheckOptions(of: opened.dockerfile)
        var context = CheckContext(build: request.host, target: request.platform)
        context.buildArguments = request.arguments
        context.targetStage = request.target
        context.ignoreFile = opened.ignore
        findings = try Checks.run(opened.dockerfile, options: options, context: context)
        failsBuild = options.failsBuild
    }

    /// All that was found, on standard output.
    ///
    /// - Throws: status 1 where something was.
    func report() throws {
        for finding in findings { print(finding.description) }
        if findings.isEmpty {
            print("Check complete, no warnings found.")
        } else {
            throw ExitCode(1)
        }
    }

    /// At the end of a build.
    func warn(_ display: ProgressDisplay) throws {
        for finding in findings { display.observer(.warning(finding.description)) }
        if failsBuild, !findings.isEmpty { throw Failure(status: 1, message: "build: checks did not pass") }
    }
}
