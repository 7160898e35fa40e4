import ArgumentParser
import Containers
import Glibc
import OCI

/// `shale commit`: an image of what a container changed.
struct Commit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an image of a container's changes.",
        discussion: """
            The changes become one layer over the container's image; costs what was changed, whatever the image holds. \
            Prints the new image's id. The container stays as it is.

            --change takes instructions of a Dockerfile that say how the image runs: CMD, ENTRYPOINT, ENV, EXPOSE, \
            HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR. SOURCE_DATE_EPOCH, where it is set, is the \
            image's time, and the latest that a file in the layer has.

            EXAMPLE
              shale commit -a "Jay L" -m "add newfile" -c 'CMD ["ls", "-l"]' 3f2a busybox:manual
            """)

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "Who made the image.")
    var author: String?

    @Option(name: .shortAndLong, help: "What for.")
    var message: String?

    @Option(name: .shortAndLong, help: "An instruction of a Dockerfile.")
    var change: [String] = []

    @Flag(help: "One layer of everything, in place of the image's and the changes.")
    var squash = false

    @OptionGroup var compression: CompressionOptions

    @Option(help: ArgumentHelp("Write the image's id to a file.", valueName: "file"))
    var iidfile: String?

    @Argument(help: "The container: its name, or the beginning of its id.")
    var container: String

    @Argument(help: "What to call the image: NAME[:TAG].")
    var name: String?

    func run() throws {
        let reference = try name.map { try Pull.reference($0) }
        let containers = ContainerStore(try location.store())
        var commit = ContainerCommit()
        commit.author = author
        commit.message = message
        commit.changes = change.map { Arguments.bytes($0) }
        commit.squashes = squash
        commit.coding = compression.coding
        commit.latest = try SourceDate.epoch
        do throws(ContainerError) {
            let record = try containers.find(container)
            let (_, id) = try commit.commit(
                record, of: containers, as: reference, mountHelper: Programs.path("shalefs"))
            if let iidfile { try Output.write(id.description, to: iidfile) }
            print(id)
        } catch {
            throw Failure(container: error)
        }
    }
}
