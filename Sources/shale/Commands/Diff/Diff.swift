import ArgumentParser
import Changes
import Linux
import Union

/// `shale diff`: an upper as a list of changes.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what an upper changes of the lowers below it.",
        discussion: """
            One line for each change: A (added), C (changed) or D (deleted), the path, and the size of a file. Without \
            --lower nothing can have been changed: what is there is added. Every form of whiteout and opaque mark is \
            understood. Costs the upper's entries; the lowers are not walked.
            """)

    @Option(name: .shortAndLong, help: "A lower below the upper; from top to bottom.")
    var lower: [String] = []

    @Option(help: "text or json.")
    var format = Output.Format.text

    @Argument(help: "The upper directory.")
    var upper: String

    func run() throws {
        try Output.changes(
            Self.changes(upper: Arguments.bytes(upper), lowers: lower.map { Arguments.bytes($0) }), format)
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
