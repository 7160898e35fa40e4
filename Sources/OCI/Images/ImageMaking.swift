public import Linux

/// New content for a store: layers of directories and tars, and images of layers.
extension Store {
    /// Builds a layer into the store's blobs.
    ///
    /// - Throws: ``StoreError``; then there is no such blob.
    public func makeLayer(
        _ source: LayerSource, _ builder: LayerBuilder, _ lease: Lease
    ) throws(StoreError) -> BuiltLayer {
        let blobs = try StoreError.wrapping(.failed) { () throws(BlobError) in try lease.blobs() }
        let writer = try StoreError.wrapping(.failed) { () throws(BlobError) in try BlobWriter(blobs) }
        let layer = try StoreError.wrapping(.failed) { () throws(LayerError) in
            try builder.build(source, into: writer.fd)
        }
        try lease.hold([layer.diffID, layer.descriptor.digest])
        do throws(BlobError) { try writer.finish(layer) } catch { throw StoreError(.failed, error.description) }
        try record(layer.descriptor, of: layer.diffID)
        return layer
    }

    /// Makes a layer of a plain tar, compressed or not: what is unpacked of it becomes the unpacked layer, and its blob is
    /// written anew, so that equal trees are equal layers.
    ///
    /// - Parameter observer: told how many bytes were read.
    /// - Throws: ``StoreError``: what the tar is refused for, or what the file system says. Nothing is left.
    public func makeLayer(
        ofTar file: FD, _ builder: LayerBuilder, _ lease: Lease, limits: LayerLimits = LayerLimits(),
        observer: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws(StoreError) -> BuiltLayer {
        let place = joined(lease.directory, Array("imported".utf8))
        let unpacker = LayerUnpacker(limits: limits, observer: observer)
        try StoreError.wrapping { () throws(LayerError) in try unpacker.unpack(file, to: place) }
        let layer = try makeLayer(LayerSource(upper: place), builder, lease)
        try adopt(place, as: layer, lease)
        return layer
    }

    /// Writes an image's configuration and manifest. The image is still to be recorded.
    ///
    /// - Parameter layers: blobs of the configuration's diff ids, in their order.
    public func makeImage(
        _ config: ImageConfig, layers: [ContentDescriptor], _ lease: Lease
    ) throws(StoreError) -> Image {
        let blobs = try StoreError.wrapping(.failed) { () throws(BlobError) in try lease.blobs() }
        return try StoreError.wrapping(.failed) { () throws(BlobError) in
            let bytes = config.bytes
            let digest = try blobs.keep(bytes)
            let manifest = ImageManifest(
                config: ContentDescriptor(mediaType: .config, digest: digest, size: Int64(bytes.count)), layers: layers)
            let document = manifest.bytes
            let descriptor = ContentDescriptor(
                mediaType: manifest.mediaType, digest: try blobs.keep(document), size: Int64(document.count))
            return Image(descriptor: descriptor, manifest: manifest, config: config)
        }
    }
}
