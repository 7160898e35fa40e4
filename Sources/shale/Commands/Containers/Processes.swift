import ArgumentParser
import Containers
import GoTemplate
import Inspection
import OCI

/// `shale ps`: the containers.
struct Processes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List containers.",
        discussion: """
            Those that run; all of them with --all, the youngest with --latest.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(name: .shortAndLong, help: "Those that have ended too.")
    var all = false

    @Flag(name: .shortAndLong, help: "The youngest, whatever it does.")
    var latest = false

    @Option(name: [.customShort("n"), .long], help: "So many of the youngest, whatever they do.")
    var last: Int?

    @Flag(name: .shortAndLong, help: "Ids only.")
    var quiet = false

    @Flag(help: "Whole ids and commands.")
    var noTrunc = false

    @Option(help: "table, table TEMPLATE, json, or a Go template.")
    var format = "table"

    func run() throws {
        let format = try Formats.list(format)
        let containers = ContainerStore(try location.store())
        let rows: [ContainerRow]
        do throws(ContainerError) {
            let records = try containers.all()
            let shown = latest ? 1 : last
            rows = records.prefix(shown ?? records.count).map { ContainerRow($0, containers.state(of: $0)) }
                .filter { all || shown != nil || $0.state == .running }
        } catch {
            throw Failure(container: error)
        }
        if quiet {
            for row in rows { print(noTrunc ? row.record.id : String(row.record.id.prefix(12))) }
            return
        }
        var listing = Listing(
            [
                .init("Command", "COMMAND"), .init("CreatedAt", "CREATED AT"), .init("CreatedSince", "CREATED"),
                .init("ExitCode", "EXIT CODE"), .init("ID", "CONTAINER ID"), .init("Image", "IMAGE"),
                .init("ImageID", "IMAGE ID"), .init("Names", "NAMES"), .init("State", "STATE"),
                .init("Status", "STATUS"),
            ], shown: ["ID", "Image", "Command", "CreatedSince", "Status", "Names"])
        for row in rows { listing.add(row.fields(whole: noTrunc)) }
        do throws(TemplateError) { print(try listing.text(format), terminator: "") } catch {
            throw Failure.used("\(error)")
        }
    }
}

/// A container as `ps` shows it.
struct ContainerRow {
    let record: ContainerRecord
    let state: ContainerState

    init(_ record: ContainerRecord, _ state: ContainerState) {
        self.record = record
        self.state = state
    }

    private var status: String {
        switch state {
        case .created: return "Created"
        case .running: return "Up \(age(record.started ?? record.created))"
        case .exited(let code):
            let end = record.finished ?? record.started ?? record.created
            return "Exited (\(code)) \(Units.since(end))"
        }
    }

    private func age(_ moment: Instant) -> String { Units.duration(seconds: Instant.now.seconds - moment.seconds) }

    func fields(whole: Bool) -> [String: String] {
        let command = printable(record.arguments.joined(separator: " "))
        let shown = whole || command.count <= 20 ? command : command.prefix(19) + "…"
        var fields = [
            "ID": whole ? record.id : String(record.id.prefix(12)), "Image": printable(record.imageName),
            "ImageID": record.imageID.description, "Command": "\"\(shown)\"",
            "CreatedAt": record.created.description, "CreatedSince": Units.since(record.created), "Status": status,
            "Names": record.name,
        ]
        switch state {
        case .created: fields["State"] = "created"
        case .running: fields["State"] = "running"
        case .exited(let code):
            fields["State"] = "exited"
            fields["ExitCode"] = "\(code)"
        }
        return fields
    }
}
