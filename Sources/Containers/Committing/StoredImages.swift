internal import Linux
public import OCI

/// New content for a store.
extension Store {
    /// Builds a layer into the store's blobs.
    ///
    /// - Throws: ``ContainerError``; then there is no such blob.
    public func built(
        _ builder: LayerBuilder, _ source: LayerSource, _ lease: Lease
    ) throws(ContainerError) -> BuiltLayer {
        let blobs = try ContainerError.wrapping { () throws(BlobError) in try lease.blobs() }
        let writer = try ContainerError.wrapping { () throws(BlobError) in try BlobWriter(blobs) }
        let layer = try ContainerError.wrapping { () throws(LayerError) in
            try builder.build(source, into: writer.fd)
        }
        try ContainerError.wrapping { () throws(StoreError) in
            try lease.hold([layer.diffID, layer.descriptor.digest])
        }
        do throws(BlobError) { try writer.finish(layer) } catch { throw ContainerError(.failed, error.description) }
        try ContainerError.wrapping { () throws(StoreError) in try record(layer.descriptor, of: layer.diffID) }
        return layer
    }

    /// Writes an image's configuration and manifest; the image is not recorded yet.
    ///
    /// - Parameter layers: blobs of the configuration's diff ids, in their order.
    public func keep(
        _ config: ImageConfig, layers: [ContentDescriptor], annotations: [String: String] = [:], _ lease: Lease
    ) throws(StoreError) -> Image {
        let configBytes = config.bytes
        let digest = try kept(configBytes, lease)
        var manifest = ImageManifest(
            config: ContentDescriptor(mediaType: .config, digest: digest, size: Int64(configBytes.count)),
            layers: layers.map { layer in
                var layer = layer
                layer.mediaType = layer.mediaType.inOCI
                return layer
            })
        manifest.annotations = annotations
        let bytes = manifest.bytes
        let descriptor = ContentDescriptor(
            mediaType: manifest.mediaType, digest: try kept(bytes, lease), size: Int64(bytes.count))
        return Image(descriptor: descriptor, manifest: manifest, config: config)
    }

    private func kept(_ bytes: [UInt8], _ lease: Lease) throws(StoreError) -> Digest {
        do throws(BlobError) { return try lease.blobs().keep(bytes) } catch {
            throw StoreError(.failed, error.description)
        }
    }

    /// The descriptor of an image that the store has.
    ///
    /// - Throws: ``StoreError``; `missing` where it has none of that digest.
    public func descriptor(of image: Digest) throws(StoreError) -> ContentDescriptor {
        guard let entry = try images().first(where: { $0.image.digest == image }) else {
            throw StoreError(.missing, "find image \(image): there is none")
        }
        return entry.image
    }
}
