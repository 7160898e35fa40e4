/// `index.json` of an image layout (image-layout.md): which images it holds, and what they are called.
struct LayoutIndex {
    /// containerd's and Docker's annotation for the whole name; the specification's has the tag, or whatever its writer gave.
    static let wholeName = "io.containerd.image.name"

    let index: ImageIndex

    /// - Parameter marker: `oci-layout`, which says that this is a layout, and of which version.
    init(parsing bytes: [UInt8], marker: [UInt8]?) throws(DocumentError) {
        guard let marker else { throw DocumentError(subject: "oci-layout", cause: "missing") }
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(marker))
            let version = try fields.string("imageLayoutVersion")
            guard version?.hasPrefix("1.") == true else {
                throw fields.failure("imageLayoutVersion", "\(printable(version ?? "none")) is not read here")
            }
        } catch {
            throw error.inside("oci-layout")
        }
        index = try ImageIndex(parsing: bytes)
    }

    static let marker = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    /// The images for a platform, the same manifest once, with all its names. Entries that are no images are passed over.
    ///
    /// - Throws: ``ArchiveError`` for a blob that is missing or of the wrong size, and where there is no image for the platform.
    func images(for platform: Platform, _ blobs: some BlobSource) throws(ArchiveError) -> [ArchivedImage] {
        var images: [ArchivedImage] = []
        var offered: [String] = []
        for entry in index.manifests where entry.mediaType.isManifest || entry.mediaType.isIndex {
            guard let manifest = try Self.select(entry, platform, blobs, depth: 0, &offered) else { continue }
            let name = try Self.name(entry)
            let tag = name == nil ? entry.annotations[Annotation.referenceName] : nil
            if let known = images.firstIndex(where: { $0.manifest.digest == manifest.digest }) {
                images[known].names += name.map { [$0] } ?? []
                images[known].tags += tag.map { [$0] } ?? []
            } else {
                try Self.verify(manifest, blobs)
                var image = ArchivedImage(names: name.map { [$0] } ?? [], manifest: manifest)
                image.tags = tag.map { [$0] } ?? []
                images.append(image)
            }
        }
        guard !images.isEmpty || offered.isEmpty else {
            throw ArchiveError("read index.json: no image for \(platform); there is \(offered.joined(separator: ", "))")
        }
        return images
    }

    private static func select(
        _ entry: ContentDescriptor, _ platform: Platform, _ blobs: some BlobSource, depth: Int,
        _ offered: inout [String]
    ) throws(ArchiveError) -> ContentDescriptor? {
        if let own = entry.platform, own.distance(from: platform) == nil {
            offered.append(own.description)
            return nil
        }
        guard entry.mediaType.isIndex else {
            return ContentDescriptor(mediaType: entry.mediaType, digest: entry.digest, size: entry.size)
        }
        guard depth < 4 else { throw ArchiveError("read index.json: its indexes nest deeper than 4") }
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(entry.digest) }
        let index = try ArchiveError.wrapping { () throws(DocumentError) in try ImageIndex(parsing: bytes) }
        if let chosen = index.manifest(for: platform) ?? (index.manifests.count == 1 ? index.manifests.first : nil) {
            return try select(chosen, platform, blobs, depth: depth + 1, &offered)
        }
        offered += index.manifests.compactMap { $0.platform?.description }
        return nil
    }

    private static func name(_ entry: ContentDescriptor) throws(ArchiveError) -> Reference? {
        if let whole = entry.annotations[wholeName] {
            return try ArchiveError.wrapping { () throws(DocumentError) in try Reference(whole).tagged }
        }
        // A tag alone names nothing.
        guard let name = entry.annotations[Annotation.referenceName], name.contains(where: { $0 == "/" || $0 == ":" })
        else { return nil }
        return try ArchiveError.wrapping { () throws(DocumentError) in try Reference(name).tagged }
    }

    /// Every blob of an image is there and as large as it should be. Their content was verified when they were kept.
    static func verify(_ manifest: ContentDescriptor, _ blobs: some BlobSource) throws(ArchiveError) {
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(manifest.digest) }
        guard Int64(bytes.count) == manifest.size else {
            throw ArchiveError(
                "read manifest \(manifest.digest): wrong size: \(bytes.count) bytes where \(manifest.size) are promised"
            )
        }
        let parsed = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
        for blob in [parsed.config] + parsed.layers {
            let size = try ArchiveError.wrapping { () throws(BlobError) in try blobs.size(of: blob.digest) }
            guard let size else {
                throw ArchiveError("read blob \(blob.digest): a manifest names it, but it is missing")
            }
            guard size == blob.size else {
                throw ArchiveError(
                    "read blob \(blob.digest): wrong size: \(size) bytes where \(blob.size) are promised")
            }
        }
    }
}
