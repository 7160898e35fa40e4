/// What an image is made of.
extension Store {
    /// An image for one platform, its documents read and verified.
    public struct Image: Equatable, Sendable {
        public let descriptor: ContentDescriptor
        public let manifest: ImageManifest
        public let config: ImageConfig

        public init(descriptor: ContentDescriptor, manifest: ImageManifest, config: ImageConfig) {
            self.descriptor = descriptor
            self.manifest = manifest
            self.config = config
        }
    }

    /// The image that serves a platform best.
    ///
    /// - Parameter image: a manifest, or an index.
    /// - Throws: ``StoreError``; `missing` where there is none for the platform, or its content is not there.
    public func load(_ image: ContentDescriptor, for platform: Platform = .host) throws(StoreError) -> Image {
        var descriptor = image
        var depth = 0
        while descriptor.mediaType.isIndex {
            depth += 1
            let index = try document(ImageIndex.self, descriptor)
            guard depth < 4, let next = index.manifest(for: platform) else {
                throw StoreError(.missing, "load image \(image.digest): none for \(platform)")
            }
            descriptor = next
        }
        let manifest = try document(ImageManifest.self, descriptor)
        let config = try document(ImageConfig.self, manifest.config)
        guard config.diffIDs.count == manifest.layers.count else {
            throw StoreError(
                .damaged,
                "load image \(image.digest): \(manifest.layers.count) layers, but \(config.diffIDs.count) diff ids")
        }
        return Image(descriptor: descriptor, manifest: manifest, config: config)
    }

    func document<Content: Document>(_ type: Content.Type, _ descriptor: ContentDescriptor) throws(StoreError)
        -> Content
    {
        let bytes = try StoreError.wrapping { () throws(BlobError) in try blobs.document(descriptor.digest) }
        guard Int64(bytes.count) == descriptor.size else {
            throw StoreError(
                .damaged, "read \(descriptor.digest): \(bytes.count) bytes where \(descriptor.size) are promised")
        }
        return try StoreError.wrapping { () throws(DocumentError) in try Content(parsing: bytes) }
    }

    /// Every blob that an image needs, and the layers it unpacks to. Of an index, the images that are here: a pull brings one.
    struct Content {
        var blobs: [ContentDescriptor] = []
        var diffIDs: [Digest] = []
    }

    func content(of image: ContentDescriptor, depth: Int = 0) throws(StoreError) -> Content {
        var result = Content(blobs: [image])
        guard image.mediaType.isIndex else {
            let manifest = try document(ImageManifest.self, image)
            result.blobs += [manifest.config] + manifest.layers
            // An artifact's config is its own affair.
            if manifest.config.mediaType.isConfig {
                result.diffIDs = try document(ImageConfig.self, manifest.config).diffIDs
            }
            return result
        }
        guard depth < 4 else { throw StoreError(.damaged, "read \(image.digest): its indexes nest deeper than 4") }
        for entry in try document(ImageIndex.self, image).manifests
        where entry.mediaType.isIndex || entry.mediaType.isManifest {
            guard try size(of: entry.digest) != nil else { continue }
            let inner = try content(of: entry, depth: depth + 1)
            result.blobs += inner.blobs
            result.diffIDs += inner.diffIDs
        }
        return result
    }

    /// Whether a blob is there, and as large as it should be.
    public func has(_ blob: ContentDescriptor) throws(StoreError) -> Bool { try size(of: blob.digest) == blob.size }

    func size(of digest: Digest) throws(StoreError) -> Int64? {
        try StoreError.wrapping(.failed) { () throws(BlobError) in try blobs.size(of: digest) }
    }

    /// - Throws: ``StoreError`` for a blob that is missing or of another size than its descriptor says.
    func checkComplete(_ image: ContentDescriptor) throws(StoreError) {
        let content = try content(of: image)
        guard !image.mediaType.isIndex || content.blobs.count > 1 else {
            throw StoreError(.missing, "read \(image.digest): none of its images is here")
        }
        for blob in content.blobs where !blob.mediaType.isNondistributable {
            guard let size = try size(of: blob.digest) else {
                throw StoreError(.missing, "read \(image.digest): its blob \(blob.digest) is missing")
            }
            guard size == blob.size else {
                throw StoreError(.damaged, "read blob \(blob.digest): \(size) bytes where \(blob.size) are promised")
            }
        }
    }
}
