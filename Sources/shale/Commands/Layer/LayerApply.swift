import ArgumentParser
import CLinux
import OCI

/// `shale layer apply`: a layer as a directory.
struct LayerApply: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Unpack a layer into a directory in overlay form.",
        discussion: """
            The directory must not exist, or be empty; it appears when it is complete, and not at all when anything is \
            wrong. Nothing is ever written outside of it. Whiteouts become 0/0 devices; owners and devices that cannot be \
            had are recorded as attributes, which shale mount shows.
            """)

    @OptionGroup var limits: LimitOptions

    @Option(help: "The digest that the file must have.")
    var digest: Digest?

    @Option(help: "The digest that the tar in it must have.")
    var diffID: Digest?

    @Flag(help: "Record owners although they could be set.")
    var recordOwners = false

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(help: "The layer: a tar, perhaps compressed by gzip or zstd; - is standard input.")
    var file: String

    @Argument(help: "The directory to make.")
    var directory: String

    func run() throws {
        var limit: UInt64 = 0
        cl_raise_descriptor_limit(&limit)
        let unpacker = LayerUnpacker(
            limits: limits.limits, ownership: recordOwners ? .recorded : .automatic, digest: digest, diffID: diffID)
        let layer = try LayerCommand.withInput(file) { (fd) throws(LayerError) in
            try unpacker.unpack(fd, to: Arguments.bytes(directory))
        }
        if layer.droppedAttributes > 0 {
            say("left out \(layer.droppedAttributes) attributes that cannot be set here")
        }
        Output.layer(layer.descriptor, layer.diffID, tarSize: layer.tarSize, entries: layer.entries, format)
    }
}
