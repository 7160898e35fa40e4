public import Linux

/// An OCI directory, read as it lies (image-layout.md).
public struct ImageLayout: Sendable {
    /// What it holds, not verified before it is read.
    public let blobs: BlobDirectory
    private let index: LayoutIndex

    /// - Parameter directory: open for reading.
    /// - Throws: ``ArchiveError`` where it is no layout.
    public init(_ directory: consuming Descriptor) throws(ArchiveError) {
        let index = try Self.document(directory.fd, "index.json")
        let marker = try Self.document(directory.fd, "oci-layout")
        self.index = try ArchiveError.wrapping { () throws(DocumentError) in
            try LayoutIndex(parsing: index, marker: marker)
        }
        blobs = BlobDirectory(reading: directory)
    }

    private static func document(_ directory: FD, _ name: String) throws(ArchiveError) -> [UInt8] {
        do throws(Errno) { return try directory.contents(of: name, atMost: Repository.documentLimit) } catch {
            throw ArchiveError("read \(name): \(error)")
        }
    }

    /// What the index names, in its order.
    var manifests: [ContentDescriptor] { index.index.manifests }

    /// The images for a platform, with all their names.
    ///
    /// - Throws: ``ArchiveError`` for what is missing, damaged, or for another platform only.
    public func images(for platform: Platform = .host) throws(ArchiveError) -> [ArchivedImage] {
        try index.images(for: platform, blobs)
    }
}

extension BlobDirectory {
    /// The documents of an image, verified.
    ///
    /// - Throws: ``ArchiveError``; also where layers and diff ids are not as many.
    public func load(_ manifest: ContentDescriptor) throws(ArchiveError) -> Store.Image { try loaded(manifest) }
}

extension BlobSource {
    func loaded(_ descriptor: ContentDescriptor) throws(ArchiveError) -> Store.Image {
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try document(descriptor.digest) }
        let manifest = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
        let text = try ArchiveError.wrapping { () throws(BlobError) in try document(manifest.config.digest) }
        let config = try ArchiveError.wrapping { () throws(DocumentError) in try ImageConfig(parsing: text) }
        guard config.diffIDs.count == manifest.layers.count else {
            throw ArchiveError(
                "read image \(descriptor.digest): "
                    + "\(manifest.layers.count) layers, but \(config.diffIDs.count) diff ids")
        }
        return Store.Image(descriptor: descriptor, manifest: manifest, config: config)
    }
}
