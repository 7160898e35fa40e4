import ArgumentParser
import CLinux
import Containers
import Glibc
import Linux
import OCI
import Union

/// `shale export`: an image or a container as a plain tar.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all files of an image or a container as one tar.",
        discussion: """
            What its layers show together, without history and configuration: shale import, tar and debugfs read it. The same tree \
            gives the same bytes. A file appears when it is complete.
            """)

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "The file to write; standard output otherwise.")
    var output: String?

    @Argument(help: "A name of an image, or the beginning of an id of a container or an image.")
    var name: String

    func run() throws {
        if output == nil, isatty(1) == 1 {
            throw Failure.used("export: standard output is a terminal; give --output, or redirect it")
        }
        var limit: UInt64 = 0
        cl_raise_descriptor_limit(&limit)
        let store = try location.store()
        do {
            let lease = try store.lease()
            let layers = try ContainerStore(store).tree(of: name, lease)
            let builder = LayerBuilder(LayerCoding(.none))
            if let output, output != "-" {
                var file = try NewFile(Arguments.bytes(output))
                warn(try builder.flatten(layers, into: file.fd))
                try file.publish()
            } else {
                warn(try builder.flatten(layers, into: FD(1)))
            }
            withExtendedLifetime(lease) {}
        } catch {
            throw Failure.failed("export \(name): \(error)")
        }
    }

    private func warn(_ layer: BuiltLayer) {
        for socket in layer.skipped { say("left out \(printable(socket)): no tar holds sockets") }
    }
}
