import ArgumentParser
import Containers
import OCI

/// `shale rm`: removes containers.
struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove containers, with what they changed.",
        discussion: """
            Names, ids or beginnings of ids. What was committed of a container stays. One that runs is refused unless \
            --force ends it first. Prints what was removed.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(name: .shortAndLong, help: "End those that run; be content with those that are not there.")
    var force = false

    @Flag(name: .shortAndLong, help: "All that have ended.")
    var all = false

    @Argument(help: "Containers.")
    var names: [String] = []

    func run() throws {
        guard all != !names.isEmpty else { throw Failure.used("rm: name containers, or give --all") }
        let containers = ContainerStore(try location.store())
        var failed = false
        let wanted: [String]
        do throws(ContainerError) {
            wanted =
                all
                ? try containers.all().filter { containers.state(of: $0) != .running || force }.map(\.id) : names
        } catch {
            throw Failure(container: error)
        }
        for name in wanted {
            do throws(ContainerError) {
                let record = try containers.find(name)
                if force { try containers.end(record) }
                try containers.remove(record)
                print(all ? record.id : name)
            } catch {
                if force, error.kind == .missing { continue }
                say(error.description)
                failed = true
            }
        }
        if failed { throw ExitCode(1) }
    }
}
