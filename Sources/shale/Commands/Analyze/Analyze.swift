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
        let judging = rules.isJudging && json == nil
        let configuration = try judging ? rules.configuration() : [:]
        let layers = try read()
        let figures = DiveFigures(layers.map(\.contents))
        if let json {
            try OutputFile.write(DiveExport.bytes(figures), to: Arguments.bytes(json))
            return
        }
        let evaluation = DiveEvaluation(figures, configuration)
        print(DiveReport(figures, evaluation).text(inColour: isatty(1) == 1))
        if !evaluation.passes { throw ExitCode(1) }
    }

    private func read() throws -> [(contents: LayerContents, visitors: [any LayerVisitor])] {
        let prefix = source == .archive && !image.hasPrefix("docker-archive:") ? "docker-archive:" : ""
        let name = Array(prefix.utf8) + Arguments.bytes(image)
        let opener = ImageOpener(for: platform) { () throws(AnalysisError) in try self.store() }
        let display = ReadingDisplay()
        do {
            let opened = try opener.open(name)
            return try waiting {
                try await LayerPass(observer: display.observer).read(opened)
            }
        } catch {
            display.end()
            throw Failure.failed("analyze \(displayed(image)): \(error)")
        }
    }

    private func store() throws(AnalysisError) -> Store {
        do { return try location.store() } catch let failure as Failure {
            throw AnalysisError(failure.message)
        } catch {
            throw AnalysisError("\(error)")
        }
    }
}
