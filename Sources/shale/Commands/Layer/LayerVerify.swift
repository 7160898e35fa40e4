import ArgumentParser
import OCI

/// `shale layer verify`: reads a layer and checks it.
struct LayerVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a layer without unpacking it.",
        discussion:
            "Reads all of it, checks every name and link, and prints the digests. Exit status 1 when it is not sound.")

    @OptionGroup var input: LayerInputOptions

    func run() throws {
        try LayerCommand.read(input) { (fd) throws(LayerError) in try input.unpacker().verify(fd) }
    }
}
