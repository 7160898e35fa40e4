extension Store {
    /// The image of an entry that is here: of an index the one for this machine, or else the first that came.
    ///
    /// - Throws: ``StoreError``; `missing` where none came.
    public func present(_ image: ContentDescriptor) throws(StoreError) -> Image {
        try present(image, depth: 0)
    }

    private func present(_ image: ContentDescriptor, depth: Int) throws(StoreError) -> Image {
        guard image.mediaType.isIndex else { return try load(image) }
        guard depth < 4 else { throw StoreError(.damaged, "read \(image.digest): its indexes nest deeper than 4") }
        let index = try document(ImageIndex.self, image)
        let own = index.manifest(for: .host).map { [$0] } ?? []
        for entry in own + index.manifests where entry.mediaType.isManifest || entry.mediaType.isIndex {
            guard try size(of: entry.digest) != nil else { continue }
            do throws(StoreError) { return try present(entry, depth: depth + 1) } catch {
                guard error.kind == .missing else { throw error }
            }
        }
        throw StoreError(.missing, "read \(image.digest): none of its images is here")
    }

    /// Bytes of each layer from the base up: of its tar where the layer is unpacked, otherwise of its blob.
    public func layerSizes(of image: Image) throws(StoreError) -> [Int64] {
        var sizes: [Int64] = []
        for (blob, diffID) in zip(image.manifest.layers, image.config.diffIDs) {
            sizes.append(try layerSize(diffID) ?? blob.size)
        }
        return sizes
    }
}

extension Store.Image {
    /// As Docker counts ids: the digest of the configuration.
    public var id: Digest { manifest.config.digest }
}
