import ArgumentParser
import Build
import Dockerfile
import OCI

/// BuildKit's checks of a Dockerfile.
struct BuildChecks {
    private let findings: [CheckFinding]
    private let failsBuild: Bool

    /// - Parameter bases: images that stages are built on, as far as they are known, by stage.
    init(
        _ opened: OpenedInputs, _ request: BuildRequest, stages: Set<Int>? = nil,
        bases: [Int: CheckContext.BaseImage] = [:]
    ) throws(DockerfileError) {
        let options: CheckOptions
        if let text = request.check {
            let place = SourceLocation(file: "BUILDKIT_DOCKERFILE_CHECK", firstLine: 1, lastLine: 1)
            options = try CheckOptions(text, at: place)
        } else {
            options = try CheckOptions(of: opened.dockerfile)
        }
        var context = CheckContext(build: request.host, target: request.platform)
        context.buildArguments = request.arguments
        context.targetStage = request.target
        context.ignoreFile = opened.ignore
        context.stages = stages
        context.baseImages = bases
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

    /// Says what was found, where that fails the build.
    ///
    /// - Throws: ``BuildError``, before anything is built.
    func enforce(_ display: ProgressDisplay) throws(BuildError) {
        guard failsBuild, let first = findings.first else { return }
        warn(display)
        throw BuildError("checks did not pass", at: first.location)
    }

    /// At the end of a build.
    func warn(_ display: ProgressDisplay) {
        for finding in findings { display.observer(.warning(finding.description)) }
    }
}
