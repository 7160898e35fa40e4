public import Analysis
public import ArgumentParser
import Dockerfile
import Linux
import OCI

/// `shale audit`: what is unsafe in an image or a Dockerfile.
struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find what is unsafe in an image or a Dockerfile.",
        discussion: """
            IMAGE is an image or container of the store, an archive, or an OCI directory, as for analyze; a Dockerfile is known by \
            its name or content, or by dockerfile:PATH (dockerfile:- is standard input).

            Of a Dockerfile: BuildKit's checks and the well-known rules, also by hadolint's names (DL3006). Of an image: set-id \
            files, file capabilities, what everybody may write, devices, accounts, keys and tokens in every layer, variables, \
            labels and history. `shale audit --rules` lists them all; docs/audit.md explains.

            Rules are ignored by a comment above an instruction (# shale ignore=RULE,... or # hadolint ignore=RULE,...), by \
            --ignore, or by .shale-audit.yaml or .hadolint.yaml beside the Dockerfile or here.

            Exit status 1 when something is found that is at least as severe as --fail-on.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif, junit }

    @OptionGroup var location: StoreOptions

    @Option(help: "text, json, sarif (2.1.0) or junit.")
    var format = Format.text

    @Option(help: "info, low, medium, high, critical or never.")
    var failOn: FailOn?

    @Option(help: "Leave out what is less severe.")
    var severity: Severity = .info

    @Option(help: ArgumentHelp("A rule not to report; may be repeated.", valueName: "rule"))
    var ignore: [String] = []

    @Option(help: ArgumentHelp("Registries that bases may come from; may be repeated.", valueName: "registry"))
    var trustedRegistry: [String] = []

    @Option(help: ArgumentHelp("The configuration file, instead of those that are looked for.", valueName: "file"))
    var config: String?

    @Option(help: "os/architecture[/variant], where there are several; this machine's otherwise.")
    var platform = Platform.host

    @Flag(help: "Make a new image of the store with what can be mended mended, as one layer on top.")
    var fix = false

    @Option(name: .shortAndLong, help: ArgumentHelp("The name of the mended image.", valueName: "name"))
    var tag: String?

    @Option(help: ArgumentHelp("With --fix: the user that the mended image runs as.", valueName: "user"))
    var user: String?

    @Flag(help: "List all rules.")
    var rules = false

    @ArgumentParser.Argument(help: "The image or the Dockerfile.")
    var subject: String?

    func validate() throws {
        if !rules, subject == nil { throw ValidationError("an image or a Dockerfile is wanted") }
        if !fix, tag != nil || user != nil { throw ValidationError("--tag and --user go with --fix") }
        let known = Set(AuditRule.all.flatMap { [$0.id] + ($0.alias.map { [$0] } ?? []) })
        for rule in ignore where !known.contains(rule) {
            throw ValidationError("--ignore \(rule): there is no such rule")
        }
    }

    func run() throws {
        guard let subject, !rules else { return try Output.rules(AuditRule.all, isJSON: format == .json) }
        let name = Arguments.bytes(subject)
        if let source = try DockerfileSource(name) {
            if fix { throw Failure.used("audit \(displayed(name)): --fix mends images, not Dockerfiles") }
            return try finish(try audit(source), source.settings(config))
        }
        let settings = try AuditSettings.find(config, beside: nil)
        if fix { return try mend(name, settings) }
        let audit = ImageAudit(configuration: adjusted(settings))
        let report = try ImageReading(location: location, platform: platform, command: "audit")
            .read(name) { image, pass in try await audit.run(image, pass) }
        try finish(report, settings)
    }

    // MARK: Dockerfiles

    private func audit(_ source: DockerfileSource) throws -> AuditReport {
        let host = BuildPlatform(os: Platform.host.os, architecture: Platform.host.architecture)
        let target = BuildPlatform(
            os: platform.os, architecture: platform.architecture, variant: platform.variant ?? "")
        var context = CheckContext(build: host, target: target)
        context.ignoreFile = try source.ignoreFile()
        let audit = DockerfileAudit(configuration: adjusted(try source.settings(config)), context: context)
        do throws(DockerfileError) { return try audit.run(source.bytes, name: source.name) } catch {
            throw Failure(status: 1, message: error.description)
        }
    }

    private func adjusted(_ settings: AuditConfiguration) -> AuditConfiguration {
        var settings = settings
        settings.ignored.formUnion(ignore)
        if !trustedRegistry.isEmpty { settings.trustedRegistries = trustedRegistry }
        return settings
    }

    // MARK: Mending

    private func mend(_ name: [UInt8], _ settings: AuditConfiguration) throws {
        let reference: Reference?
        do { reference = try tag.map { try Reference($0) } } catch { throw Failure.used("name the image: \(error)") }
        let store = try location.store()
        let mender = ImageMender(
            configuration: adjusted(settings), user: user, created: try SourceDate.epoch ?? SourceDate.now)
        let mended = try reporting { [platform] in
            try await mender.mend(String(decoding: name, as: UTF8.self), in: store, for: platform, as: reference)
        }
        try Output.mended(mended, isJSON: format == .json)
    }

    // MARK: The outcome

    private func finish(_ report: AuditReport, _ settings: AuditConfiguration) throws {
        try Output.audit(report.atLeast(severity), format)
        let threshold = failOn?.threshold ?? settings.threshold ?? .at(.high)
        if case .at(let severity) = threshold, report.reaches(severity) { throw ExitCode(1) }
    }
}

/// The severity at which an audit fails.
struct FailOn: ExpressibleByArgument {
    let threshold: AuditConfiguration.Threshold

    init?(argument: String) {
        guard let threshold = AuditConfiguration.Threshold(named: argument) else { return nil }
        self.threshold = threshold
    }
}

extension Severity: ExpressibleByArgument {
    public init?(argument: String) { self.init(named: argument) }
}
