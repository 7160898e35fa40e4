import ArgumentParser
import OCI

/// `shale pull`: an image from a registry into the store.
struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring an image from a registry.",
        discussion: """
            Several blobs come at once, each verified while it streams; connections that are cut are taken up again where \
            they were, and a pull that ended early is taken up by the next one. Layers are unpacked while others still come, so that \
            the image can run at once. Prints the name with the digest that it stood for: with that, the same image comes again.
            """)

    @OptionGroup var options: RegistryOptions
    @OptionGroup var location: StoreOptions

    @Option(help: "os/architecture[/variant]; this machine's otherwise.")
    var platform: Platform?

    @Argument(help: "NAME[:TAG] or NAME@DIGEST.")
    var name: String

    func run() throws {
        let reference = try Self.reference(name)
        let named = try Self.pull(reference, into: try location.store(), options, platform)
        print(reference.with(digest: named.digest).description)
    }

    /// The image or index that a name stands for, with what this machine needs of it, unpacked.
    static func pull(
        _ reference: Reference, into store: Store, _ options: RegistryOptions, _ platform: Platform?
    ) throws -> ContentDescriptor {
        let registry = try options.registry(reference.registry)
        let display = TransferDisplay("pull \(reference.familiar)")
        let unpackDisplay = TransferDisplay("unpack \(reference.familiar)", hidden: true)
        defer { display.end() }
        return try reporting {
            let lease = try store.lease()
            var pull = ImagePull(registry.repository(reference.repository), into: try lease.blobs())
            pull.observer = display.observer
            let unpacking = LayerUnpacking(store, lease, observer: unpackDisplay.observer)
            pull.arrived = { unpacking.add($0, as: $1) }
            let outcome = try await pull.run(reference.manifestName, for: platform)
            unpackDisplay.show()
            try unpacking.finish()
            try store.record(outcome.named, as: reference)
            return outcome.named
        }
    }

    static func reference(_ text: String) throws -> Reference {
        do { return try Reference(text).tagged } catch { throw Failure.used("\(error)") }
    }
}
