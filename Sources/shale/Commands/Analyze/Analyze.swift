import Analysis
import ArgumentParser
import Glibc
import Linux
import OCI

/// `shale analyze`: what an image holds, and what it wastes.
struct Analyze: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each layer of an image adds, hides and wastes.",
        discussion: """
            IMAGE is an image or a container of the store, an archive of docker save or of OCI, or an OCI directory. On a terminal it is \
            explored with dive's keys; otherwise a report is printed. With --ci, or CI=true in the environment, dive's figures are \
            judged by dive's rules: the status is 1 where one fails. --json writes what dive --json writes.

            Dive's figures count bytes by names; "reclaimable" says what could be saved, and why. docs/analysis.md tells how they differ.
            """)

    @OptionGroup var location: StoreOptions
    @OptionGroup var rules: DiveOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Write dive's export to a file.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write a page that shows it all, and needs no network.", valueName: "file"))
    var html: String?

    @Option(help: "text or json: what is printed, instead of the view that a terminal gets.")
    var format: Output.Format?

    @Flag(help: "The view, even with CI=true in the environment.")
    var interactive = false

    @Option(help: "docker, podman (both: the store) or docker-archive (a file), as dive has them.")
    var source: Source?

    @Option(help: "os/architecture[/variant], where there are several; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "A name, the beginning of an id, or a path.")
    var image: String

    enum Source: String, ExpressibleByArgument, CaseIterable {
        case docker, podman
        case archive = "docker-archive"
    }

    func run() throws {
        let judges = rules.isJudging && json == nil && html == nil && format == nil && !interactive
        let values = try judges ? rules.values() : [:]
        let analysis = try read()
        if let json { try OutputFile.write(DiveExport.bytes(analysis.figures), to: Arguments.bytes(json)) }
        if let html { try OutputFile.write(HTMLPage.bytes(analysis), to: Arguments.bytes(html)) }
        if json != nil || html != nil, format == nil { return }
        if judges {
            let evaluation = DiveEvaluation(analysis.figures, values)
            print(DiveReport(analysis.figures, evaluation).text(inColour: isatty(1) == 1))
            print(TextReport(analysis).summary)
            if !evaluation.passes { throw ExitCode(1) }
        } else if format == .json {
            try Output.bytes(JSONReport.bytes(analysis))
        } else if interactive || format == nil && isatty(0) == 1 && isatty(1) == 1 {
            do { try Explorer.run(analysis) } catch { throw Failure.used("analyze: \(error)") }
        } else {
            var report = TextReport(analysis, width: Output.columns ?? 100)
            try Output.bytes(Array(report.text().utf8))
        }
    }

    private func read() throws -> ImageAnalysis {
        let prefix = source == .archive && !image.hasPrefix("docker-archive:") ? "docker-archive:" : ""
        return try ImageReading(location: location, platform: platform, command: "analyze")
            .analysis(Array(prefix.utf8) + Arguments.bytes(image))
    }
}
