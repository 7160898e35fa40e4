public import Linux

/// Images in files: `docker save`'s archives, old and new, OCI archives, and OCI directories.
public enum ImageArchive {
    /// Reads an archive of either kind, plain or compressed by gzip or zstd, from a file or a pipe, in one pass.
    ///
    /// - Parameters:
    ///   - blobs: takes everything that the images are made of, verified; what no image names stays there, too.
    ///   - platform: which image is meant where there are several under one name.
    /// - Throws: ``ArchiveError`` in one line; then no image is to be believed.
    public static func load(
        _ fd: FD, into blobs: BlobDirectory, for platform: Platform = .host, limits: LayerLimits = LayerLimits()
    ) throws(ArchiveError) -> [ArchivedImage] {
        let contents = try ArchiveContents(reading: fd, into: blobs, limits)
        // Docker's newer archives are both: the index keeps the manifests' digests.
        if let index = contents.documents[Array("index.json".utf8)] {
            let marker = contents.documents[Array("oci-layout".utf8)]
            let layout = try ArchiveError.wrapping { () throws(DocumentError) in
                try LayoutIndex(parsing: index, marker: marker)
            }
            let images = try layout.images(for: platform, blobs)
            if !images.isEmpty { return images }
        }
        guard let document = contents.documents[Array("manifest.json".utf8)] else {
            throw ArchiveError("read archive: neither manifest.json nor index.json is in it: no archive of images")
        }
        let manifest = try ArchiveError.wrapping { () throws(DocumentError) in try DockerManifest(parsing: document) }
        var images: [ArchivedImage] = []
        for image in manifest.images { images.append(try DockerManifest.assemble(image, contents, blobs)) }
        return images
    }

    /// Reads an OCI directory. Its blobs are verified while they are copied.
    ///
    /// - Throws: ``ArchiveError`` in one line; then no image is to be believed.
    public static func load(
        directory: consuming Descriptor, into blobs: BlobDirectory, for platform: Platform = .host
    ) throws(ArchiveError) -> [ArchivedImage] {
        let layout = try ImageLayout(directory)
        let images = try layout.images(for: platform)
        for image in images { try copy(image.manifest, from: layout.blobs, to: blobs) }
        return images
    }

    /// An image with all that it is made of; the manifest last.
    static func copy(
        _ manifest: ContentDescriptor, from source: BlobDirectory, to target: BlobDirectory
    ) throws(ArchiveError) {
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try source.document(manifest.digest) }
        let parsed = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
        for blob in [parsed.config] + parsed.layers {
            try ArchiveError.wrapping { () throws(BlobError) in try target.copy(blob, from: source) }
        }
        try ArchiveError.wrapping { () throws(BlobError) in try target.keep(bytes, expecting: manifest.digest) }
    }
}
