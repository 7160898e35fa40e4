internal import Linux
public import OCI
internal import Union

/// Makes an image of an image: the same with what can be mended mended, as one layer on top.
public struct ImageMender: Sendable {
    /// Rules and paths that are ignored are not mended.
    public var configuration: AuditConfiguration
    /// Who the new image runs as; nil leaves it as it is.
    public var user: String?
    /// Seconds since 1970: when the image is made, and the latest time that a file of the layer may have (SOURCE_DATE_EPOCH).
    public var created: Int64

    public init(configuration: AuditConfiguration = AuditConfiguration(), user: String? = nil, created: Int64) {
        self.configuration = configuration
        self.user = user
        self.created = created
    }

    /// An image that was mended.
    public struct Result: Sendable {
        /// nil where there was nothing to mend: then no image was made.
        public let image: ContentDescriptor?
        /// The digest of the new image's configuration.
        public let id: Digest?
        public let layer: BuiltLayer?
        public let mendings: [Mending]
        /// What the Dockerfile should have said.
        public let dockerfileLines: [String]
    }

    /// Mends an image of a store, and records the new one there.
    ///
    /// - Parameter name: taken from whatever has it; nil makes an image without one.
    /// - Throws: ``AnalysisError``; then nothing is recorded.
    public func mend(
        _ text: String, in store: Store, for platform: Platform = .host, as name: Reference? = nil
    ) async throws(AnalysisError) -> Result {
        let entry = try AnalysisError.wrapping { () throws(StoreError) in try store.find(text) }
        let lease = try AnalysisError.wrapping { () throws(StoreError) in try store.lease() }
        let image = try AnalysisError.wrapping { () throws(StoreError) in
            let image = try store.load(entry.image, for: platform)
            try lease.hold(([image.descriptor, image.manifest.config] + image.manifest.layers).map(\.digest))
            return image
        }
        let opener = ImageOpener(for: platform) { () throws(AnalysisError) in store }
        let opened = try opener.open(Array(entry.image.digest.description.utf8))
        let layers = try await LayerPass().read(opened).map(\.contents)
        let mendings = Mending.all(in: VisibleTree(layers), configuration)
        let lines = mendings.dockerfileLines(layers, user: user)
        guard !mendings.isEmpty || user != nil else {
            return Result(image: nil, id: nil, layer: nil, mendings: [], dockerfileLines: [])
        }
        let layer = mendings.isEmpty ? nil : try build(mendings, on: image, in: store, lease)
        let (manifest, id) = try record(image, layer, mendings, in: store, lease, as: name)
        withExtendedLifetime(lease) {}
        return Result(image: manifest, id: id, layer: layer, mendings: mendings, dockerfileLines: lines)
    }

    // MARK: The layer

    private func build(
        _ mendings: [Mending], on image: Store.Image, in store: Store, _ lease: Lease
    ) throws(AnalysisError) -> BuiltLayer {
        let lowers = try AnalysisError.wrapping { () throws(StoreError) in try store.unpacked(image, lease) }
        let upper = lease.directory + Array("/mended".utf8)
        let work = lease.directory + Array("/mended-work".utf8)
        try AnalysisError.wrapping("make a layer: ") { () throws(Errno) in
            for path in [upper, work] { try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755) }
        }
        try apply(mendings, lowers, upper, work)
        try AnalysisError.wrapping("make a layer: ") { () throws(Errno) in
            try FD.workingDirectory.removeTree(work.cPath)
        }
        let blob = lease.directory + Array("/mended.blob".utf8)
        let layer = try compress(LayerSource(upper: upper, lowers: lowers), to: blob, lease)
        try AnalysisError.wrapping { () throws(StoreError) in
            try lease.hold([layer.diffID, layer.descriptor.digest])
            try store.adopt(upper, as: layer, lease)
        }
        return layer
    }

    private func apply(
        _ mendings: [Mending], _ lowers: [[UInt8]], _ upper: [UInt8], _ work: [UInt8]
    ) throws(AnalysisError) {
        let union = try AnalysisError.wrapping("mend the image: ") { () throws(Refusal) in
            try PathUnion(lowers: lowers, upper: upper, work: work)
        }
        for mending in mendings {
            try AnalysisError.wrapping("mend /\(oneLine(mending.path)): ") { () throws(Errno) in
                switch mending.action {
                case .mode(_, let mode): try union.setMode(mending.path, mode)
                case .removal: try union.unlink(mending.path)
                }
            }
        }
    }

    /// Builds the layer's blob beside the store's, then keeps it: verified on the way.
    private func compress(
        _ source: LayerSource, to path: [UInt8], _ lease: Lease
    ) throws(AnalysisError) -> BuiltLayer {
        let file = try AnalysisError.wrapping("make a layer: ") { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readWrite, .create, .exclusive], mode: 0o600)
        }
        let layer = try AnalysisError.wrapping { () throws(LayerError) in
            try LayerBuilder(latest: created).build(source, into: file.fd)
        }
        try AnalysisError.wrapping("keep the layer: ") { () throws(BlobError) in
            var writer = try BlobWriter(try lease.blobs())
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            defer { buffer.deallocate() }
            let again = try Self.reopened(file.fd)
            while true {
                let count: Int
                do throws(Errno) { count = try again.fd.read(into: buffer) } catch {
                    throw BlobError.failed("read the layer", error)
                }
                if count == 0 { break }
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            _ = try writer.finish(expecting: layer.descriptor.digest, size: layer.descriptor.size)
        }
        return layer
    }

    private static func reopened(_ file: FD) throws(BlobError) -> Descriptor {
        do throws(Errno) { return try file.reopen(.readOnly) } catch { throw .failed("read the layer", error) }
    }

    // MARK: The image

    private func record(
        _ image: Store.Image, _ layer: BuiltLayer?, _ mendings: [Mending], in store: Store, _ lease: Lease,
        as name: Reference?
    ) throws(AnalysisError) -> (image: ContentDescriptor, id: Digest) {
        var config = image.config
        config.created = UTCTime.text(created)
        let modes = mendings.count { if case .mode = $0.action { true } else { false } }
        if let layer {
            config.diffIDs.append(layer.diffID)
            config.history.append(
                ImageConfig.History(
                    created: UTCTime.text(created), createdBy: "shale audit --fix",
                    comment: "\(modes) modes changed, \(mendings.count - modes) files removed"))
        }
        if let user {
            config.execution.user = user
            config.history.append(
                ImageConfig.History(
                    created: UTCTime.text(created), createdBy: "USER \(user)", comment: "shale audit --fix",
                    emptyLayer: true))
        }
        let mended = config
        return try AnalysisError.wrapping("record the image: ") { () throws(Wrapped) in
            do {
                let blobs = try lease.blobs()
                try blobs.keep(mended.bytes)
                var manifest = image.manifest.inOCI
                let described = try mended.descriptor()
                manifest.config = described
                if let layer { manifest.layers.append(layer.descriptor) }
                try blobs.keep(manifest.bytes)
                let descriptor = try manifest.descriptor()
                try store.record(descriptor, as: name)
                return (descriptor, described.digest)
            } catch {
                throw Wrapped(description: "\(error)")
            }
        }
    }

    /// Errors of several rooms, by their words.
    private struct Wrapped: Error, CustomStringConvertible { let description: String }
}
