import ArgumentParser
import OCI

/// `shale tag`: another name for an image.
struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give an image another name.",
        discussion: "A name that some image has is taken from it. Without a tag the new name gets the tag latest.")

    @OptionGroup var location: StoreOptions

    @Argument(help: "A name, or the beginning of an id.")
    var source: String

    @Argument(help: "NAME[:TAG].")
    var target: String

    func run() throws {
        let name = try Pull.reference(target)
        guard name.digest == nil else { throw Failure.used("tag \(target): a name with a digest cannot be given") }
        let store = try location.store()
        do { try store.record(try store.find(source).image, as: name) } catch { throw Failure.failed("\(error)") }
    }
}
