import ArgumentParser
import Containers
import OCI

/// `shale ps`: the containers.
struct Processes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List containers.",
        discussion: """
            Those that run; all of them with --all, the youngest with --latest. --format json has one object with \
            everything for each.
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

    @Option(help: "text or json.")
    var format = Output.Format.text

    func run() throws {
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
        switch format {
        case .json: print(JSON.array(rows.map(\.json)).text)
        case .text where quiet: for row in rows { print(noTrunc ? row.record.id : String(row.record.id.prefix(12))) }
        case .text:
            let head = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "NAMES"]
            Output.table(head, rows.map { $0.cells(whole: noTrunc) })
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

    var status: String {
        switch state {
        case .created: return "Created"
        case .running: return "Up \(Output.age(since: record.started ?? record.created))"
        case .exited(let code):
            let end = record.finished ?? record.started ?? record.created
            return "Exited (\(code)) \(Output.age(since: end)) ago"
        }
    }

    func cells(whole: Bool) -> [String] {
        let command = record.arguments.joined(separator: " ")
        let shown = whole || command.count <= 20 ? command : command.prefix(19) + "…"
        return [
            whole ? record.id : String(record.id.prefix(12)), printable(record.imageName), "\"\(printable(shown))\"",
            "\(Output.age(since: record.created)) ago", status, record.name,
        ]
    }

    var json: JSON {
        var object = JSONObject()
        object["ID"] = .string(record.id)
        object["Image"] = .string(record.imageName)
        object["ImageID"] = .string(record.imageID.description)
        object["Command"] = JSON(record.arguments)
        object["CreatedAt"] = .string(record.created.description)
        object["Status"] = .string(status)
        object["Names"] = JSON([record.name])
        switch state {
        case .created: object["State"] = "created"
        case .running: object["State"] = "running"
        case .exited(let code):
            object["State"] = "exited"
            object["ExitCode"] = .integer(Int64(code))
        }
        return .object(object)
    }
}
