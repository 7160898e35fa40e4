import ArgumentParser
import Glibc
import Inspection
import OCI

/// `shale prune`: space back.
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove images that nobody uses, and content that nothing refers to.",
        discussion: """
            Images without a name go, or with --all every image that no container is made of; then blobs and layers that no image, \
            container, running command or cached step of a build needs. With --all and no filter, what builds remember of their steps \
            goes first. Safe beside other commands on the same store. Asks first where a terminal is there \
            to answer.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(name: .shortAndLong, help: "Also images with names, unless a container is made of them.")
    var all = false

    @Option(
        help: ArgumentHelp(
            "Only images that were made before a time (until=TIME, also as 24h), or have a label; may be repeated.",
            valueName: "key=value"))
    var filter: [String] = []

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    func run() throws {
        let store = try location.store()
        do {
            let filter = try ImageFilter(filter, store)
            guard force || confirmed() else { return }
            let chosen = Set(try store.imageRows().filter { filter.matches($0) }.map(\.entry.image.digest))
            let forgotten = all && self.filter.isEmpty ? try store.forgetCache() : 0
            if forgotten > 0 { print("Deleted build cache: \(forgotten) steps") }
            report(try store.prune(all ? .unused : .dangling) { chosen.contains($0.image.digest) })
        } catch let mistake as ImageFilter.Mistake {
            throw Failure.used("prune: \(mistake)")
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func confirmed() -> Bool {
        guard isatty(0) == 1 else { return true }
        let what = all ? "all images that no container is made of" : "all images without a name"
        print("This removes \(what), and content that nothing refers to.\nAre you sure? [y/N] ", terminator: "")
        fflush(nil)
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    private func report(_ result: PruneResult) {
        if !result.removed.isEmpty { print("Deleted Images:") }
        for entry in result.removed {
            for name in entry.names { print("untagged: \(name.familiar)") }
            print("deleted: \(entry.image.digest)")
        }
        if !result.removed.isEmpty { print("") }
        print("Total reclaimed space: \(Units.size(result.bytes + result.layerBytes))")
    }
}
