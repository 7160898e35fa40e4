internal import Configuring
internal import CLinux
internal import Linux
public import OCI

/// Makes an image of what a container changed.
///
/// Costs the changes: the upper is read once, into the layer's blob, and then becomes the unpacked layer by itself. The
/// lowers are looked at only for what was renamed.
public struct ContainerCommit: Sendable {
    public var author: String?
    public var message: String?
    /// Instructions of a Dockerfile that say how the image runs.
    public var changes: [[UInt8]] = []
    /// All layers of the image and the changes become one layer.
    public var squashes = false
    public var coding = LayerCoding()
    /// SOURCE_DATE_EPOCH: seconds since 1970.
    public var latest: Int64?

    public init() {}

    /// - Parameter name: what the new image is called; nil leaves it without a name.
    /// - Returns: its descriptor, and its id: the digest of its configuration.
    /// - Throws: ``ContainerError``; then there is no new image.
    public func commit(
        _ record: ContainerRecord, of containers: ContainerStore, as name: Reference? = nil, mountHelper: [UInt8]
    ) throws(ContainerError) -> (image: ContentDescriptor, id: Digest) {
        let store = containers.store
        let base = try ContainerError.wrapping { () throws(StoreError) in
            try store.load(try store.descriptor(of: record.image))
        }
        var editor = ConfigEditor(base.config)
        editor.config.execution = record.execution
        try ContainerError.wrapping { () throws(ConfigurationError) in try editor.apply(changes: changes) }
        let lease = try ContainerError.wrapping { () throws(StoreError) in try store.lease() }
        let layer: BuiltLayer
        if squashes {
            layer = try squashed(record, containers, lease, mountHelper)
        } else {
            layer = try changed(record, containers, lease)
        }
        var config = editor.config
        var blobs = squashes ? [] : base.manifest.layers
        if squashes { config.diffIDs = [] }
        describe(&config, record, layer)
        blobs.append(layer.descriptor)
        return try ContainerError.wrapping { () throws(StoreError) in
            let image = try store.keep(config, layers: blobs, lease)
            try store.record(image.descriptor, as: name)
            return (image.descriptor, image.manifest.config.digest)
        }
    }

    private func describe(_ config: inout ImageConfig, _ record: ContainerRecord, _ layer: BuiltLayer) {
        let created = latest.map { Instant(seconds: $0) } ?? .now
        config.created = created.description
        if let author { config.author = author }
        if squashes {
            config.history = config.history.map { step in
                var step = step
                step.emptyLayer = true
                return step
            }
        }
        config.history.append(
            ImageConfig.History(
                created: created.description, createdBy: record.arguments.joined(separator: " "), author: author,
                comment: message))
        config.diffIDs.append(layer.diffID)
    }

    private func changed(
        _ record: ContainerRecord, _ containers: ContainerStore, _ lease: Lease
    ) throws(ContainerError) -> BuiltLayer {
        let store = containers.store
        // Without the mount points: a directory that was renamed does not take them with it.
        let lowers = Array(containers.lowers(of: record).dropFirst())
        let source = LayerSource(upper: containers.upper(of: record), lowers: lowers)
        let layer = try store.built(LayerBuilder(coding, latest: latest), source, lease)
        // One that runs goes on writing to its upper.
        guard record.committed == nil, layer.standsAlone, containers.state(of: record) != .running else { return layer }
        try ContainerError.wrapping { () throws(StoreError) in
            try store.recordLayer(layer.diffID, ofContainer: record.id)
            try store.adopt(containers.directory(record.id).upper, as: layer, lease)
        }
        var record = record
        record.committed = layer.diffID
        try containers.write(record)
        return layer
    }

    /// Of the whole tree, as a mount shows it.
    private func squashed(
        _ record: ContainerRecord, _ containers: ContainerStore, _ lease: Lease, _ mountHelper: [UInt8]
    ) throws(ContainerError) -> BuiltLayer {
        let place = lease.directory + Array("/merged".utf8)
        try ContainerError.naming("commit \(record.name)") { () throws(Errno) in
            try FD.workingDirectory.makeDirectory(place.cPath, mode: 0o700)
        }
        let lowers = [containers.upper(of: record)] + containers.lowers(of: record).dropFirst()
        let stack = try MountedStack.mount(lowers: lowers, changes: nil, at: place, helper: mountHelper)
        do throws(ContainerError) {
            let layer = try containers.store.built(
                LayerBuilder(coding, latest: latest), LayerSource(upper: place), lease)
            try stack.end()
            return layer
        } catch {
            throw error
        }
    }
}
