import ArgumentParser
import GoTemplate
import Inspection
import OCI

/// `shale images`: what there is.
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List images.",
        discussion: """
            Newest first, once under each name. A size is that of all layers: unpacked where they are unpacked, otherwise \
            compressed. An id is the digest of the image's configuration, as in docker; any beginning of it that is unique \
            stands for the image in every command.

            FILTERS
              reference=PATTERN       names, with * ? and [ ]; one of several is enough
              dangling=true|false     images without a name, or with one
              label=KEY[=VALUE]       label!= for those without
              before=IMAGE, since=IMAGE, until=TIME   by when they were made; TIME also as 24h

            Fields for templates: Containers, CreatedAt, CreatedSince, Digest, ID, Repository, Size, Tag.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(name: .shortAndLong, help: "Accepted as in docker: there are no intermediate images to hide.")
    var all = false

    @Flag(name: .shortAndLong, help: "Ids only.")
    var quiet = false

    @Flag(help: "Whole ids.")
    var noTrunc = false

    @Flag(help: "A column with the digests of the manifests.")
    var digests = false

    @Option(name: .shortAndLong, help: ArgumentHelp("What to show; may be repeated.", valueName: "key=value"))
    var filter: [String] = []

    @Option(help: "table, table TEMPLATE, json, or a Go template.")
    var format = "table"

    @Argument(help: "Only images of this name, with wildcards.")
    var name: String?

    func run() throws {
        let format = try Formats.list(format)
        let store = try location.store()
        do {
            var filter = try ImageFilter(filter, store)
            if let name { try filter.add(pattern: name) }
            let rows = try store.imageRows().filter { filter.matches($0) }
            if quiet {
                for row in rows { print(shown(row.id)) }
            } else {
                print(try listing(rows, store).text(format), terminator: "")
            }
        } catch let mistake as ImageFilter.Mistake {
            throw Failure.used("images: \(mistake)")
        } catch let error as TemplateError {
            throw Failure.used("\(error)")
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func shown(_ id: Digest) -> String { noTrunc ? id.description : String(id.hex.prefix(12)) }

    private func listing(_ rows: [ImageRow], _ store: Store) throws -> Listing {
        let containers = try store.containers()
        var listing = Listing(
            [
                .init("Containers", "CONTAINERS"), .init("CreatedAt", "CREATED AT"), .init("CreatedSince", "CREATED"),
                .init("Digest", "DIGEST"), .init("ID", "IMAGE ID"), .init("Repository", "REPOSITORY"),
                .init("Size", "SIZE"), .init("Tag", "TAG"),
            ],
            shown: ["Repository", "Tag"] + (digests ? ["Digest"] : []) + ["ID", "CreatedSince", "Size"])
        for row in rows {
            listing.add([
                "Containers": "\(containers.count { $0.image == row.entry.image.digest })",
                "CreatedAt": row.created?.display ?? "N/A",
                "CreatedSince": row.created.map { Units.since($0) } ?? "N/A",
                "Digest": row.name == nil ? "<none>" : row.entry.image.digest.description, "ID": shown(row.id),
                "Repository": row.repository ?? "<none>", "Size": Units.size(row.size),
                "Tag": row.name?.tag ?? "<none>",
            ])
        }
        return listing
    }
}
