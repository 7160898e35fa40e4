import ArgumentParser
import OCI

/// `shale layer verify`: reads a layer and checks it.
struct LayerVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a layer without unpacking it.",
        discussion:
            "Reads all of it, checks every name and link, and prints the digests. Exit status 1 when it is not sound.")

    @OptionGroup var limits: LimitOptions

    @Option(help: "The digest that the file must have.")
    var digest: Digest?

    @Option(help: "The digest that the tar in it must have.")
    var diffID: Digest?

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(help: "The layer: a tar, perhaps compressed by gzip or zstd; - is standard input.")
    var file: String

    func run() throws {
        let unpacker = LayerUnpacker(limits: limits.limits, digest: digest, diffID: diffID)
        let layer = try LayerCommand.withInput(file) { (fd) throws(LayerError) in try unpacker.verify(fd) }
        Output.layer(layer.descriptor, layer.diffID, tarSize: layer.tarSize, entries: layer.entries, format)
    }
}
