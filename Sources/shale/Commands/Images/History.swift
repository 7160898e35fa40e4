import ArgumentParser
import GoTemplate
import Inspection
import OCI

/// `shale history`: the steps that made an image.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the steps that made an image, newest first.",
        discussion: """
            A step is shown with the id of the image that ends with it, or <missing> where the store has none. Sizes are those of \
            the layers: unpacked where they are unpacked, otherwise compressed.

            Fields for templates: Comment, CreatedAt, CreatedBy, CreatedSince, ID, Size.
            """)

    @OptionGroup var location: StoreOptions

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("Sizes with units, and how long ago; with false, bytes and dates.", valueName: "true|false"))
    var human = true

    @Flag(help: "Whole ids and commands.")
    var noTrunc = false

    @Flag(name: .shortAndLong, help: "Ids only.")
    var quiet = false

    @Option(help: "table, table TEMPLATE, json, or a Go template.")
    var format = "table"

    @Argument(help: "A name, or the beginning of an id.")
    var image: String

    func run() throws {
        let format = try Formats.list(format)
        let store = try location.store()
        do {
            let rows = try store.historyRows(of: try store.present(store.find(image).image))
            if quiet {
                for row in rows { print(shown(row.id)) }
            } else {
                print(try listing(rows).text(format), terminator: "")
            }
        } catch let error as TemplateError {
            throw Failure.used("\(error)")
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func shown(_ id: Digest?) -> String {
        guard let id else { return "<missing>" }
        return noTrunc ? id.description : String(id.hex.prefix(12))
    }

    private func listing(_ rows: [HistoryRow]) -> Listing {
        let when = human ? "CreatedSince" : "CreatedAt"
        var listing = Listing(
            [
                .init("Comment", "COMMENT"), .init("CreatedAt", "CREATED AT"), .init("CreatedBy", "CREATED BY"),
                .init("CreatedSince", "CREATED"), .init("ID", "IMAGE"), .init("Size", "SIZE"),
            ], shown: ["ID", when, "CreatedBy", "Size", "Comment"])
        for row in rows {
            listing.add([
                "Comment": row.comment.onOneLine, "CreatedAt": row.created?.description ?? "N/A",
                "CreatedBy": noTrunc ? row.createdBy.onOneLine : row.createdBy.onOneLine.cut(to: 45),
                "CreatedSince": row.created.map { Units.since($0) } ?? "N/A", "ID": shown(row.id),
                "Size": human ? Units.size(row.size) : "\(row.size)",
            ])
        }
        return listing
    }
}

extension String {
    /// Control characters would break the table, or the terminal.
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
    }

    fileprivate func cut(to width: Int) -> String { count > width ? prefix(width - 1) + "…" : self }
}
