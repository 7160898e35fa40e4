public import Linux

extension ImageArchive {
    /// What kind of archive is written.
    public enum Format: String, Sendable, CaseIterable {
        /// For `docker load`, old and new: an OCI layout with Docker's `manifest.json` beside it.
        case docker = "docker-archive"
        case oci = "oci-archive"
    }

    /// Writes images as one archive to a file or a pipe. The same images give the same bytes.
    ///
    /// Layers go as they are, compressed or not; every reader takes both.
    ///
    /// - Throws: ``ArchiveError`` in one line; what was written is then a part.
    public static func save(
        _ images: [ArchivedImage], from blobs: BlobDirectory, to fd: FD, as format: Format = .docker
    ) throws(ArchiveError) {
        var parsed: [(image: ArchivedImage, manifest: ImageManifest)] = []
        for image in images { parsed.append((image, try manifest(image, blobs))) }
        var output = ArchiveOutput(fd)
        try output.directory("blobs")
        try output.directory("blobs/sha256")
        for blob in everything(parsed) { try output.blob(blob, from: blobs) }
        try output.file("index.json", index(images).bytes)
        if format == .docker {
            try output.file(
                "manifest.json", JSON.array(parsed.map { dockerEntry($0.image, $0.manifest) }).canonicalBytes)
        }
        try output.file("oci-layout", LayoutIndex.marker)
        if format == .docker { try output.file("repositories", repositories(parsed).canonicalBytes) }
        try output.end()
    }

    private static func manifest(_ image: ArchivedImage, _ blobs: BlobDirectory) throws(ArchiveError) -> ImageManifest {
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(image.manifest.digest) }
        return try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
    }

    /// Every blob once, in the order of their names in the archive.
    private static func everything(
        _ parsed: [(image: ArchivedImage, manifest: ImageManifest)]
    ) -> [ContentDescriptor] {
        var blobs: [Digest: ContentDescriptor] = [:]
        for (image, manifest) in parsed {
            for blob in [image.manifest, manifest.config] + manifest.layers { blobs[blob.digest] = blob }
        }
        return blobs.values.sorted { $0.digest < $1.digest }
    }

    /// One entry for each name; one without a name for an image that has none.
    static func index(_ images: [ArchivedImage]) -> ImageIndex {
        ImageIndex(
            manifests: images.flatMap { image in
                guard !image.names.isEmpty else { return [image.manifest] }
                return image.names.map { name in
                    var entry = image.manifest
                    entry.annotations[LayoutIndex.wholeName] = name.description
                    entry.annotations[Annotation.referenceName] = name.tag
                    return entry
                }
            })
    }

    private static func dockerEntry(_ image: ArchivedImage, _ manifest: ImageManifest) -> JSON {
        var object = JSONObject()
        object.put("Config", BlobDirectory.path(manifest.config.digest))
        object.put("Layers", manifest.layers.map { BlobDirectory.path($0.digest) })
        object.put("RepoTags", image.names.filter { $0.tag != nil }.map(\.familiar))
        return .object(object)
    }

    /// Docker's first index: for each repository its tags, each with its topmost layer.
    private static func repositories(_ parsed: [(image: ArchivedImage, manifest: ImageManifest)]) -> JSON {
        var result = JSONObject()
        for (image, manifest) in parsed {
            for name in image.names {
                guard let tag = name.tag, let top = manifest.layers.last else { continue }
                let repository = String(name.familiar.dropLast(tag.utf8.count + 1))
                var tags = JSONObject()
                if case .object(let known) = result[repository] { tags = known }
                tags[tag] = .string(top.digest.hex)
                result[repository] = .object(tags)
            }
        }
        return .object(result)
    }
}

extension ImageArchive {
    /// Writes images into an OCI directory, made where it is missing; what it already holds stays, but for the same names.
    ///
    /// - Throws: ``ArchiveError`` in one line; `index.json` is then as it was.
    public static func save(
        _ images: [ArchivedImage], from blobs: BlobDirectory, toDirectory path: [UInt8]
    ) throws(ArchiveError) {
        let target = try ArchiveError.wrapping { () throws(BlobError) in try BlobDirectory(making: path) }
        let directory = target.root.fd
        var manifests = try existing(directory)
        for image in images { try copy(image.manifest, from: blobs, to: target) }
        let added = index(images).manifests
        manifests.removeAll { old in added.contains { Self.sameName($0, old) } }
        do throws(Errno) {
            try directory.replace("oci-layout", with: LayoutIndex.marker, mode: 0o644)
            try directory.replace("index.json", with: ImageIndex(manifests: manifests + added).bytes, mode: 0o644)
        } catch {
            throw ArchiveError("write", path, "\(error)")
        }
    }

    private static func existing(_ directory: FD) throws(ArchiveError) -> [ContentDescriptor] {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try directory.contents(of: "index.json", atMost: Repository.documentLimit)
        } catch {
            if error == .noEntry { return [] }
            throw ArchiveError("read index.json: \(error)")
        }
        return try ArchiveError.wrapping { () throws(DocumentError) in try ImageIndex(parsing: bytes) }.manifests
    }

    /// Both are called the same, or both are the same image without a name.
    private static func sameName(_ a: ContentDescriptor, _ b: ContentDescriptor) -> Bool {
        let names = [a, b].map { $0.annotations[LayoutIndex.wholeName] ?? $0.annotations[Annotation.referenceName] }
        return names[0] == names[1] && (names[0] != nil || a.digest == b.digest)
    }
}
