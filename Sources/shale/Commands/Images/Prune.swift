import ArgumentParser
import Glibc
import Inspection
import OCI

/// `shale prune`: space back.
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove images that nobody uses, build cache, and content that nothing refers to.",
        discussion: """
            Images without a name go, or with --all every image that no container is made of; then blobs and layers that no image, \
            container, step of a build or running command needs. Safe beside other commands on the same store. Asks first where a terminal \
            is there to answer.

            The build cache forgets steps, and files that ADD fetched, that no build used for 14 days, or since until=TIME; with --all all of them, the \
            directories of RUN --mount=type=cache that no build has at the moment, and what is remembered of build contexts. Filters \
            other than until are of images alone: with one, the build cache is left as it is.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(
        name: .shortAndLong,
        help: "Also images with names, unless a container is made of them; all of the build cache, and cache mounts.")
    var all = false

    @Option(
        help: ArgumentHelp(
            "Only images that were made before a time (until=TIME, also as 24h), or have a label; may be repeated.",
            valueName: "key=value"))
    var filter: [String] = []

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    /// How long a step that no build uses is remembered, in seconds.
    private static let patience: Int64 = 14 * 86400

    /// What went besides images and content.
    private struct CacheResult {
        var steps = 0
        var mounts: [String] = []
        var bytes: Int64 = 0
    }

    func run() throws {
        let store = try location.store()
        do {
            let filter = try ImageFilter(filter, store)
            guard force || confirmed() else { return }
            let chosen = Set(try store.imageRows().filter { filter.matches($0) }.map(\.entry.image.digest))
            // First what keeps content, then the content.
            let cache = try pruneCache(store, filter)
            let result = try store.prune(all ? .unused : .dangling) { chosen.contains($0.image.digest) }
            report(result, cache)
        } catch let mistake as ImageFilter.Mistake {
            throw Failure.used("prune: \(mistake)")
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func pruneCache(_ store: Store, _ filter: ImageFilter) throws(StoreError) -> CacheResult {
        var result = CacheResult()
        guard filter.isOfTimeOnly else { return result }
        if all, filter.until == nil {
            result.steps = try store.forgetCache()
            result.bytes = store.removeDownloads(unusedSince: nil)
        } else {
            let time = filter.until?.seconds ?? Instant.now.seconds - Self.patience
            result.steps = try store.forgetCache(unusedSince: time)
            result.bytes = store.removeDownloads(unusedSince: time)
        }
        // When a mount was used last is written nowhere.
        guard all, filter.until == nil else { return result }
        let mounts = try store.removeCacheMounts()
        result.mounts = mounts.names
        result.bytes += mounts.bytes + store.removeFileDigests()
        return result
    }

    private func confirmed() -> Bool {
        guard isatty(0) == 1 else { return true }
        let what =
            all
            ? "all images that no container is made of, all build cache" : "all images without a name, old build cache"
        print("This removes \(what), and content that nothing refers to.\nAre you sure? [y/N] ", terminator: "")
        fflush(nil)
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    private func report(_ result: PruneResult, _ cache: CacheResult) {
        if !result.removed.isEmpty { print("Deleted Images:") }
        for entry in result.removed {
            for name in entry.names { print("untagged: \(name.familiar)") }
            print("deleted: \(entry.image.digest)")
        }
        if !result.removed.isEmpty { print("") }
        if cache.steps > 0 { print("Deleted build cache: \(cache.steps) steps\n") }
        if !cache.mounts.isEmpty { print("Deleted cache mounts:\n\(cache.mounts.joined(separator: "\n"))\n") }
        print("Total reclaimed space: \(Units.size(result.bytes + result.layerBytes + cache.bytes))")
    }
}
