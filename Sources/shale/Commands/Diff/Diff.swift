import Analysis
import ArgumentParser
import Changes
import Containers
import Linux
import OCI
import Union

/// `shale diff`: the changes of an upper or a container, or what two images show compared.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a container or an upper changes, or what differs between two images.",
        discussion: """
            One line for each change: A (added), C (changed) or D (deleted), the path, and the size of a file. Without \
            --lower nothing can have been changed: what is there is added. Every form of whiteout and opaque mark is \
            understood. Costs the upper's entries; the lowers are not walked.

            What looks like a path, or comes with --lower, is an upper; anything else is a container: its name, or the \
            beginning of its id.

            With two images (of the store, archives, OCI directories, containers) their files are compared by kind, content, \
            mode, owner and attributes, not by times. What only the second has is added.
            """)

    @Option(name: .shortAndLong, help: "A lower below the upper; from top to bottom.")
    var lower: [String] = []

    @Option(help: "text or json.")
    var format = Output.Format.text

    @OptionGroup var location: StoreOptions

    @Option(help: "os/architecture[/variant] of the images, where there are several; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "A container, an upper directory, or an image.")
    var subject: String

    @Argument(help: "An image to compare the first with.")
    var image: String?

    func validate() throws {
        if image != nil, !lower.isEmpty { throw ValidationError("--lower is for an upper, not for two images") }
    }

    func run() throws {
        if let image {
            let reading = ImageReading(location: location, platform: platform, command: "diff")
            let trees = try [subject, image].map { try reading.tree(Arguments.bytes($0)) }
            return Output.changes(ImageDifference.changes(from: trees[0], to: trees[1]), format)
        }
        let bytes = Arguments.bytes(subject)
        let isPath = bytes.contains(UInt8(ascii: "/")) || !lower.isEmpty || bytes == [0x2e]
        if !isPath, let (upper, lowers) = try container() {
            return try Output.changes(Self.changes(upper: upper, lowers: lowers), format)
        }
        try Output.changes(Self.changes(upper: bytes, lowers: lower.map { Arguments.bytes($0) }), format)
    }

    /// The upper and the lowers of a container; nil where there is none, but a directory of that name.
    private func container() throws -> (upper: [UInt8], lowers: [[UInt8]])? {
        let isDirectory = (try? FD.workingDirectory.status(Arguments.bytes(subject).cPath).isDirectory) == true
        let containers = ContainerStore(try location.store())
        do throws(ContainerError) {
            let record = try containers.find(subject)
            return (containers.upper(of: record), containers.lowers(of: record))
        } catch {
            if error.kind == .missing, isDirectory { return nil }
            throw Failure(container: error)
        }
    }

    static func changes(upper: [UInt8], lowers: [[UInt8]]) throws -> [Change] {
        do throws(Errno) {
            var reader = try ChangeReader(upper: upper, lowers: lowers)
            return try reader.read()
        } catch {
            throw Failure.failed("diff \(printable(upper)): \(error)")
        }
    }
}
