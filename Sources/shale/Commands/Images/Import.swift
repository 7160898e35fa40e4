import ArgumentParser
import CLinux
import Configuring
import Containers
import Glibc
import Linux
import OCI
import Union

/// `shale import`: a tree as an image.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an image of a tar, or of a directory.",
        discussion: """
            The image has one layer: all that the tar (plain, or compressed by gzip or zstd) or the directory holds. Prints its id.

              tar -c -C root . | shale import -c 'CMD ["sh"]' -c 'ENV LANG=C' - base:1
              shale import root base:1

            A change is one of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME and \
            WORKDIR. With SOURCE_DATE_EPOCH the same tree gives the same image.
            """)

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "A Dockerfile instruction that says how the image runs; may be repeated.")
    var change: [String] = []

    @Option(name: .shortAndLong, help: "What the history says of it.")
    var message: String?

    @Option(help: "os/architecture[/variant] that the tree is for; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "A tar or a directory; - is standard input.")
    var source: String

    @Argument(help: "NAME[:TAG].")
    var name: String?

    func run() throws {
        let name = try name.map { try Pull.reference($0) }
        if let name, name.digest != nil { throw Failure.used("import \(name.familiar): a digest cannot be given") }
        if source == "-", isatty(0) == 1 { throw Failure.used("import: standard input is a terminal; pipe a tar in") }
        let latest = try SourceDate.epoch
        let created = (latest.map { Instant(seconds: $0) } ?? .now).description
        var editor = ConfigEditor(ImageConfig(platform: platform, created: created))
        do { try editor.apply(changes: change.map { Arguments.bytes($0) }) } catch { throw Failure.used("\(error)") }
        let store = try location.store()
        do {
            let lease = try store.lease()
            let layer = try layer(store, LayerBuilder(latest: latest), lease)
            for socket in layer.skipped { say("left out \(printable(socket)): no layer holds sockets") }
            editor.config.diffIDs = [layer.diffID]
            editor.config.history = [
                .init(created: created, comment: message ?? "Imported from \(printable(Arguments.bytes(source)))")
            ]
            let image = try store.keep(editor.config, layers: [layer.descriptor], lease)
            try store.record(image.descriptor, as: name)
            print(image.id)
            withExtendedLifetime(lease) {}
        } catch {
            throw Failure.failed("import \(printable(Arguments.bytes(source))): \(error)")
        }
    }

    private func layer(_ store: Store, _ builder: LayerBuilder, _ lease: Lease) throws -> BuiltLayer {
        var limit: UInt64 = 0
        cl_raise_descriptor_limit(&limit)
        if source == "-" { return try store.built(builder, ofTar: FD(0), lease) }
        let path = Arguments.bytes(source)
        let file = try FD.workingDirectory.open(path.cPath, .readOnly)
        guard try file.fd.status().isDirectory else { return try store.built(builder, ofTar: file.fd, lease) }
        return try store.built(builder, LayerSource(upper: path), lease)
    }
}
