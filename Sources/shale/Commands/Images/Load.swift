import ArgumentParser
import Glibc
import Linux
import OCI

/// `shale load`: images from a file.
struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring images from an archive or an OCI directory.",
        discussion: """
            Reads what docker save, podman save, skopeo and shale save write: docker-archive and oci-archive, plain or \
            compressed by gzip or zstd, in one pass, and OCI directories. Layers are unpacked, so that the images can run \
            at once. Nothing is recorded unless all of it is sound.
            """)

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "The archive or directory; standard input otherwise.")
    var input: String?

    @Option(help: "os/architecture[/variant], where there are several; this machine's otherwise.")
    var platform = Platform.host

    func run() throws {
        if input == nil || input == "-", isatty(0) == 1 {
            throw Failure.used("load: standard input is a terminal; give --input, or pipe an archive in")
        }
        let store = try location.store()
        do {
            let lease = try store.lease()
            let images = try read(into: try lease.blobs())
            try unpack(images, store, lease)
            for image in images { try record(image, store) }
            withExtendedLifetime(lease) {}
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure.failed("load \(input ?? "standard input"): \(error)")
        }
    }

    private func unpack(_ images: [ArchivedImage], _ store: Store, _ lease: Lease) throws {
        let display = TransferDisplay("unpack")
        defer { display.end() }
        let unpacking = LayerUnpacking(store, lease, observer: display.observer)
        for image in images { try unpacking.add(manifest: image.manifest) }
        try unpacking.finish()
    }

    private func record(_ image: ArchivedImage, _ store: Store) throws {
        for name in image.names {
            try store.record(image.manifest, as: name)
            print("Loaded image: \(name.familiar)")
        }
        guard image.names.isEmpty else { return }
        try store.record(image.manifest)
        print("Loaded image ID: \(try store.load(image.manifest).manifest.config.digest)")
    }

    private func read(into blobs: BlobDirectory) throws -> [ArchivedImage] {
        guard let input, input != "-" else { return try ImageArchive.load(FD(0), into: blobs, for: platform) }
        let file = try FD.workingDirectory.open(Arguments.bytes(input).cPath, .readOnly)
        if try file.fd.status().isDirectory {
            return try ImageArchive.load(directory: file, into: blobs, for: platform)
        }
        return try ImageArchive.load(file.fd, into: blobs, for: platform)
    }
}
