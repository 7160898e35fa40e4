/// `manifest.json` of what `docker save` writes: for each image its configuration, its names and its layers, by the names
/// of files in the archive (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
struct DockerManifest {
    struct Image {
        let config: [UInt8]
        let names: [Reference]
        let layers: [[UInt8]]
    }

    let images: [Image]

    init(parsing bytes: [UInt8]) throws(DocumentError) {
        do throws(DocumentError) {
            // Fields reads objects; the document is an array.
            var document = JSONObject()
            document["images"] = try JSONParser.parse(bytes)
            var fields = try Fields(.object(document))
            var images: [Image] = []
            for (value, place) in try fields.array("images") ?? [] {
                var entry = try Fields(value, place: place)
                guard let config = try entry.string("Config") else { throw entry.failure("Config", "missing") }
                var names: [Reference] = []
                for tag in try entry.strings("RepoTags") ?? [] { names.append(try Reference(tag).tagged) }
                images.append(
                    Image(
                        config: Self.path(config), names: names,
                        layers: try (entry.strings("Layers") ?? []).map(Self.path)))
            }
            self.images = images
        } catch {
            throw error.inside("manifest.json")
        }
    }

    /// As entries are called: `./a` is `a`.
    private static func path(_ text: String) -> [UInt8] {
        Array(text.utf8.split(separator: 0x2f).filter { !$0.elementsEqual([0x2e]) }.joined(separator: [0x2f]))
    }

    /// Makes an image's manifest out of files that were kept, checked against its configuration.
    static func assemble(
        _ image: Image, _ contents: ArchiveContents, _ blobs: BlobDirectory
    ) throws(ArchiveError) -> ArchivedImage {
        guard let config = contents.file(image.config) else {
            throw ArchiveError("read", image.config, "manifest.json names it, but it is missing")
        }
        if let digest = stated(image.config), digest != config.digest {
            throw ArchiveError("read", image.config, "wrong content: its digest is \(config.digest)")
        }
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(config.digest) }
        let parsed = try ArchiveError.wrapping { () throws(DocumentError) in try ImageConfig(parsing: bytes) }
        guard parsed.diffIDs.count == image.layers.count else {
            throw ArchiveError(
                "read", image.config,
                "it has \(parsed.diffIDs.count) layers where manifest.json names \(image.layers.count)")
        }
        var layers: [ContentDescriptor] = []
        for (name, diffID) in zip(image.layers, parsed.diffIDs) {
            guard let file = contents.file(name) else {
                throw ArchiveError("read", name, "manifest.json names it, but it is missing")
            }
            // A compressed one is verified when it is unpacked.
            guard file.compression != .none || diffID.algorithm != .sha256 || file.digest == diffID else {
                throw ArchiveError("read", name, "wrong content: its digest is \(file.digest), not \(diffID)")
            }
            layers.append(
                ContentDescriptor(mediaType: .layer(file.compression), digest: file.digest, size: file.size))
        }
        let manifest = ImageManifest(
            config: ContentDescriptor(mediaType: .config, digest: config.digest, size: config.size), layers: layers)
        let descriptor = try ArchiveError.wrapping { () throws(DigestError) in try manifest.descriptor() }
        try ArchiveError.wrapping { () throws(BlobError) in try blobs.keep(manifest.bytes) }
        return ArchivedImage(names: image.names, manifest: descriptor)
    }

    /// `HEX.json`, as older versions write it.
    static func stated(_ name: [UInt8]) -> Digest? {
        let text = String(decoding: name, as: UTF8.self)
        return text.hasSuffix(".json") ? try? Digest("sha256:\(text.dropLast(5))") : nil
    }
}
