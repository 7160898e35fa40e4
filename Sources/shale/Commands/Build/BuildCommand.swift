import ArgumentParser
import Build
import CLinux
import Containers
import Dockerfile
import Glibc
import Linux
import OCI

/// `shale build`: a Dockerfile and a context into an image.
struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an image from a Dockerfile.",
        discussion: """
            CONTEXT is a directory, a tar archive, - for one on standard input (or a Dockerfile alone), or the address of \
            an archive or of a git repository. The Dockerfile's language is BuildKit's. Needs no root and no daemon: RUN \
            works in a user namespace; without any, what has no RUN is built.

            Only the stages that the target needs are built, those at once that do not need each other. A step is not \
            done again when nothing that it depends on has changed: for COPY the names, modes and contents of just the \
            files that it takes. Where a step is done again the log says what changed.

            Prints the image's id. Exit status 1 where the Dockerfile, a file of the context or a command in it is at fault, \
            125 where Shale itself failed, 130 after an interruption.

            OUTPUT is type=image (the default; name=N,push=true), type=oci or type=docker (an archive at dest=FILE), type=tar \
            (the file system as an archive), type=local (as a directory, dest=DIR); DIR alone is type=local, - is type=tar \
            on standard output.

            CACHE. The store remembers what steps made; --cache-to takes that elsewhere, to a directory or a registry, as an OCI artifact \
            whose layers are those of the steps, and --cache-from takes steps from there: a layer is fetched when a step wants \
            it. A source that cannot be read, or does not hold what it promises, is a warning, and its steps are done again. \
            A directory keeps the last build's steps and is never half written. Of a source, every build trusts what its \
            entries say a step made: name only those that you could build with.

            EXAMPLES
              shale build -t hello .
              shale build --target test --build-arg VERSION=2 --secret id=token,src=token.txt .
              shale build --cache-from type=local,src=cache --cache-to type=local,dest=cache .
              shale build --cache-from registry.example.org/hello:cache --cache-to registry.example.org/hello:cache,mode=min .
              shale build -o type=docker,dest=hello.tar https://example.org/hello.git#main:docker
            """)

    @OptionGroup var location: StoreOptions
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var inputs: BuildInputs
    @OptionGroup var products: BuildProducts
    @OptionGroup var cache: BuildCacheOptions
    @OptionGroup var compression: CompressionOptions

    @Option(help: "auto, plain, tty, json or quiet.")
    var progress = ProgressMode.auto

    @Flag(name: .shortAndLong, help: "Say nothing but the image's id.")
    var quiet = false

    @Flag(help: "Only check the Dockerfile, and build nothing.")
    var check = false

    @ArgumentParser.Argument(help: "Where the files come from.")
    var context: String

    func run() throws {
        let dockerfile: Dockerfile
        do {
            // Before there are other threads.
            _ = cl_block_termination()
            let store = try location.store()
            let opened = try inputs.open(context, store, registry)
            dockerfile = opened.dockerfile
            if check { return try BuildChecks(opened, try inputs.request()).report() }
            try build(store, opened)
        } catch let error as BuildError {
            throw Failure(status: error.location == nil ? 125 : 1, message: error.description)
        } catch let error as DockerfileError {
            throw Failure(status: 1, message: "\(error)")
        } catch let error as StoreError {
            throw Failure.failed("\(error)")
        }
        withExtendedLifetime(dockerfile) {}
    }

    private func build(_ store: Store, _ opened: OpenedInputs) throws {
        let display = ProgressDisplay(quiet ? .quiet : progress)
        let platforms = try inputs.platforms()
        let caching = try cache.plan(registry)
        try products.check(isIndex: try platforms.count > 1 || inputs.request().isAlwaysMultiPlatform)
        var sessions: [BuildSession] = []
        let interruption = Interruption()
        defer {
            display.end()
            interruption.cancel = {}
            // Threads may have them still, and the process ends.
            for session in sessions { session.lease.end() }
        }
        let imported = ImportedCache(caching.sources) { display.observer(.warning($0)) }
        if interruption.happened { throw ExitCode(130) }
        var checks: BuildChecks?
        var builds: [(session: BuildSession, target: StageState)] = []
        var images: [Store.Image] = []
        for platform in platforms {
            var options = try inputs.options(for: platform)
            options.coding = compression.coding
            options.squashes = products.squash
            options.stripsSetID = products.stripSetid
            options.labels = try products.labels()
            options.annotations = try products.annotations()
            cache.apply(to: &options)
            options.embedsCache = caching.isInline || options.request.cachesInline
            let sources = BuildSources(
                image: inputs.finder(store, registry), client: { () throws(BuildError) in try client() })
            let session = try BuildSession(
                store, options, sources, imported: imported, mountHelper: Programs.path("shalefs"),
                observer: display.observer)
            interruption.cancel = { session.cancel() }
            sessions.append(session)
            let builder = Builder(session, opened.dockerfile, context: opened.context)
            do throws(BuildError) {
                let request = options.request
                var state = try builder.run { (graph, bases) throws(BuildError) in
                    checks = try Self.checks(opened, request, graph, bases)
                    try checks?.enforce(display)
                }
                builds.append((session, state))
                images.append(try builder.assemble(&state))
                try products.write(state, images, session, registry, isLast: images.count == platforms.count)
            } catch {
                display.end()
                if interruption.happened { throw ExitCode(130) }
                throw error
            }
        }
        for export in caching.exports { try write(export, builds, display) }
        display.end()
        checks?.warn(display)
        for name in try inputs.request().unusedArguments(of: opened.dockerfile) {
            display.observer(
                .warning("--build-arg \(printable(String(decoding: name, as: UTF8.self))): no ARG declares it"))
        }
    }

    private static func checks(
        _ opened: OpenedInputs, _ request: BuildRequest, _ graph: BuildGraph, _ bases: [Int: CheckContext.BaseImage]
    ) throws(BuildError) -> BuildChecks {
        do throws(DockerfileError) {
            return try BuildChecks(opened, request, stages: Set(graph.nodes.map(\.index)), bases: bases)
        } catch {
            throw BuildError("\(error.message)", at: error.location)
        }
    }

    private func write(
        _ export: BuildCacheOptions.Export, _ builds: [(session: BuildSession, target: StageState)],
        _ display: ProgressDisplay
    ) throws(BuildError) {
        let transfer = TransferDisplay("cache", hidden: quiet || progress == .quiet || progress == .json)
        defer { transfer.end() }
        do throws(BuildError) { try export.cache.write(builds, observer: transfer.observer) } catch {
            let message = "--cache-to \(export.text): \(error.message)"
            guard export.ignoresErrors else { throw BuildError(message) }
            display.observer(.warning(message))
        }
    }

    private func client() throws(BuildError) -> HTTPClient {
        do { return try registry.client() } catch { throw BuildError("\((error as? Failure)?.message ?? "\(error)")") }
    }
}

/// Ctrl-C and its like end a build; a second one ends it at once.
final class Interruption: Sendable {
    private let state = Locked<(cancel: @Sendable () -> Void, happened: Bool)>(({}, false))

    var cancel: @Sendable () -> Void {
        get { state.withLock { $0.cancel } }
        set { state.withLock { $0.cancel = newValue } }
    }

    var happened: Bool { state.withLock { $0.happened } }

    init() {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let interruption = Unmanaged<Interruption>.fromOpaque(context).takeRetainedValue()
                while cl_wait_termination() < 0 {}
                interruption.state.withLock { $0.happened = true }
                interruption.cancel()
                while cl_wait_termination() < 0 {}
                cl_exit_now(130)
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }
}
