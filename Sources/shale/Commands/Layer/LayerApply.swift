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

    @Flag(help: "Record owners although they could be set.")
    var recordOwners = false

    @OptionGroup var input: LayerInputOptions

    @Argument(help: "The directory to make.")
    var directory: String

    func run() throws {
        var limit: UInt64 = 0
        cl_raise_descriptor_limit(&limit)
        try LayerCommand.read(input) { (fd) throws(LayerError) in
            try input.unpacker(recordOwners ? .recorded : .automatic).unpack(fd, to: Arguments.bytes(directory))
        }
    }
}
