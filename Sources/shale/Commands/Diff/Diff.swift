import Analysis
import ArgumentParser
import Changes
import Linux
import OCI
import Union

/// `shale diff`: an upper as a list of changes, or what two images show compared.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what an upper changes of the lowers below it, or what differs between two images.",
        discussion: """
            One line for each change: A (added), C (changed) or D (deleted), the path, and the size of a file. Without \
            --lower nothing can have been changed: what is there is added. Every form of whiteout and opaque mark is \
            understood. Costs the upper's entries; the lowers are not walked.

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

    @Argument(help: "The upper directory, or an image.")
    var upper: String

    @Argument(help: "An image to compare the first with.")
    var image: String?

    func validate() throws {
        if image != nil, !lower.isEmpty { throw ValidationError("--lower is for an upper, not for two images") }
    }

    func run() throws {
        guard let image else {
            return Output.changes(
                try Self.changes(upper: Arguments.bytes(upper), lowers: lower.map { Arguments.bytes($0) }), format)
        }
        let reading = ImageReading(location: location, platform: platform, command: "diff")
        let trees = try [upper, image].map { try reading.tree(Arguments.bytes($0)) }
        Output.changes(ImageDifference.changes(from: trees[0], to: trees[1]), format)
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
