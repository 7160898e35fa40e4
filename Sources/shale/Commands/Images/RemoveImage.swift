import ArgumentParser
import OCI

/// `shale rmi`: names, and images without a name.
struct RemoveImage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmi", abstract: "Remove names of images, and images with their last name.",
        discussion: """
            By a name, the name goes, and the image if it was the last one; by an id, all its names and the image. Content that \
            no other image has goes too.
            """)

    @OptionGroup var location: StoreOptions

    @Flag(
        name: .shortAndLong,
        help: "Also an id with names in several repositories, and an image that a container is made of: its names go.")
    var force = false

    @Argument(help: "Names, or beginnings of ids.")
    var images: [String]

    func run() throws {
        let store = try location.store()
        var failures = 0
        var isDeleted = false
        for image in images {
            do throws(StoreError) {
                let removal = try store.removeImage(image, force: force)
                for name in removal.untagged { print("Untagged: \(name.familiar)") }
                if let id = removal.deleted { print("Deleted: \(id)") }
                isDeleted = isDeleted || removal.deleted != nil
            } catch {
                say(error.description)
                failures += 1
            }
        }
        if isDeleted {
            do { _ = try store.prune() } catch { throw Failure.failed("\(error)") }
        }
        if failures > 0 { throw ExitCode(125) }
    }
}
