import Containers
import Linux
import OCI
import Testing

extension Workshop {
    /// An image whose layers are made by scripts, each in an empty directory; the same scripts give the same image.
    ///
    /// - Parameters:
    ///   - name: nil for an image without one.
    ///   - config: what is to be different from a plain configuration of 2020.
    @discardableResult
    func image(
        _ name: String?, layers scripts: [String], coding: LayerCoding = LayerCoding(),
        config change: (inout ImageConfig) -> Void = { _ in }
    ) throws -> Store.Image {
        let lease = try store.lease()
        let blobs = try lease.blobs()
        var layers: [BuiltLayer] = []
        for script in scripts {
            try shell(
                "rm -rf layer layer.blob; mkdir layer; cd layer; umask 022; \(script); find . -exec touch -hd @1000 {} +"
            )
            layers.append(try build("layer", coding, blobs))
        }
        try shell("rm -rf layer layer.blob")
        var config = ImageConfig(
            platform: Platform(os: "linux", architecture: "amd64"), created: "2020-01-02T03:04:05Z",
            diffIDs: layers.map(\.diffID),
            history: scripts.map { .init(created: "2020-01-02T03:04:05Z", createdBy: "RUN \($0)") })
        change(&config)
        try blobs.keep(config.bytes)
        let manifest = ImageManifest(config: try config.descriptor(), layers: layers.map(\.descriptor))
        try blobs.keep(manifest.bytes)
        let descriptor = try manifest.descriptor()
        try store.record(descriptor, as: try name.map { try Reference($0) })
        return try withExtendedLifetime(lease) { try store.load(descriptor) }
    }

    private func build(_ tree: String, _ coding: LayerCoding, _ blobs: BlobDirectory) throws -> BuiltLayer {
        let file = try FD.workingDirectory.open("\(path)/\(tree).blob", [.readWrite, .create, .truncate], mode: 0o644)
        let layer = try LayerBuilder(coding).build(LayerSource(upper: Array("\(path)/\(tree)".utf8)), into: file.fd)
        try blobs.keep(
            try FD.workingDirectory.contents(of: "\(path)/\(tree).blob", atMost: 64 << 20),
            expecting: layer.descriptor.digest)
        return layer
    }

    /// A container as `shale run` leaves it, without its directories.
    func container(_ id: String, of image: Store.Image) throws {
        try store.recordContainer(id, of: image.descriptor.digest)
        var record = ContainerRecord(
            id: id, name: "old_\(id)", image: image.descriptor.digest, imageID: image.id, imageName: "a",
            layers: image.config.diffIDs, created: Instant(seconds: 1_600_000_000), execution: image.config.execution,
            hostname: "host")
        record.arguments = ["sh", "-c", "true"]
        record.started = record.created
        record.exitCode = 3
        try ContainerStore(store).write(record)
    }
}
