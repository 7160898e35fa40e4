import ArgumentParser
import OCI

/// How this program calls itself to unpack an image's layers where their owners can be had.
struct Unpack: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "__unpack", shouldDisplay: false)

    @OptionGroup var location: StoreOptions

    @Argument var image: String

    func run() throws {
        let store = try location.store()
        let display = TransferDisplay("unpack")
        defer { display.end() }
        do throws(StoreError) {
            let lease = try store.lease()
            _ = try store.unpacked(try store.load(try store.find(image).image), lease, observer: display.observer)
        } catch {
            throw Failure.failed("\(error)")
        }
    }
}
