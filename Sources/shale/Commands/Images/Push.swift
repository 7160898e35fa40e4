import ArgumentParser
import OCI

/// `shale push`: an image of the store to a registry.
struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring an image to a registry.",
        discussion: """
            Blobs that the registry has are not sent; those that another of its repositories has are mounted from there. \
            Prints the name with the digest of what was pushed.
            """)

    @OptionGroup var options: RegistryOptions
    @OptionGroup var location: StoreOptions

    @Option(help: "os/architecture[/variant], where the store has several; this machine's otherwise.")
    var platform = Platform.host

    @Argument(help: "A name, or the beginning of an id.")
    var image: String

    @Argument(help: "NAME[:TAG] at the registry; the image's own name otherwise.")
    var destination: String?

    func run() throws {
        let target = try Pull.reference(destination ?? image)
        guard target.digest == nil else { throw Failure.used("push: a tag is pushed to, not a digest") }
        let store = try location.store()
        let registry = try options.registry(target.registry)
        let (image, platform) = (image, platform)
        let display = TransferDisplay("push \(target.familiar)")
        defer { display.end() }
        let digest = try reporting {
            let lease = try store.lease()
            let found = try store.load(try store.find(image).image, for: platform)
            try lease.hold(([found.descriptor, found.manifest.config] + found.manifest.layers).map(\.digest))
            let known = try store.repositories(on: target.registry)
            var push = ImagePush(registry.repository(target.repository), from: store.blobs)
            push.observer = display.observer
            push.sources = { Array((known[$0] ?? []).prefix(3)) }
            try await push.run(found.descriptor, as: target.manifestName)
            withExtendedLifetime(lease) {}
            return found.descriptor.digest
        }
        display.end()
        print(target.with(digest: digest).description)
    }
}
