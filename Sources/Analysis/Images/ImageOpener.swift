import CLinux
import Linux
public import OCI

/// Finds what a user names: an image or a container of the store, an archive of `docker save` or in OCI's form, an OCI directory.
///
/// A name that begins with `/`, `./` or `../`, and `-` for standard input, is a path. Anything else is looked for in the store first, then
/// among its containers, then as a path. `docker-archive:PATH[:NAME]`, `oci-archive:…`, `oci:…` and `container:ID` leave no choice; a name
/// chooses among several images of an archive.
public struct ImageOpener {
    private let platform: Platform
    private let store: () throws(AnalysisError) -> Store
    private let container: (Store, String) throws(AnalysisError) -> FoundContainer?

    /// A container as far as its files go.
    public struct FoundContainer {
        let title: String
        let image: Digest
        let execution: Execution
        let changes: LayerSource

        /// - Parameters:
        ///   - title: what it is called.
        ///   - image: the manifest of the image that it was made of.
        ///   - execution: how it runs.
        ///   - changes: its upper, with the image's layers below.
        public init(title: String, image: Digest, execution: Execution, changes: LayerSource) {
            self.title = title
            self.image = image
            self.execution = execution
            self.changes = changes
        }
    }

    /// - Parameters:
    ///   - platform: which image is meant where there are several.
    ///   - store: opens the store, when something is looked for there.
    ///   - container: the container of a name or the beginning of an id; nil where there is none.
    public init(
        for platform: Platform = .host, store: @escaping () throws(AnalysisError) -> Store,
        container: @escaping (Store, String) throws(AnalysisError) -> FoundContainer? = { _, _ in nil }
    ) {
        self.platform = platform
        self.store = store
        self.container = container
    }

    /// - Parameter name: as it was given, in bytes: it may be a path.
    /// - Throws: ``AnalysisError`` in one line where there is nothing of that name, or it is damaged.
    public func open(_ name: [UInt8]) throws(AnalysisError) -> OpenedImage {
        for (prefix, isContainer) in [
            ("docker-archive:", false), ("oci-archive:", false), ("oci:", false), ("container:", true),
        ] where name.starts(with: prefix.utf8) {
            var rest = Array(name.dropFirst(prefix.utf8.count))
            // Dive writes docker-archive://PATH.
            if rest.starts(with: "//".utf8), !Self.exists(rest) || !isContainer { rest.removeFirst(2) }
            if isContainer {
                let store = try store()
                guard let found = try container(store, String(decoding: rest, as: UTF8.self)) else {
                    throw AnalysisError("find container \(displayed(rest)): there is none")
                }
                return try opened(found, store)
            }
            return try named(rest)
        }
        if name == [0x2d] { return try compressed(FD(0), name, nil) }
        let isPath =
            ["/", "./", "../"].contains { name.starts(with: $0.utf8) } || name == [0x2e] || name == [0x2e, 0x2e]
        if isPath { return try named(name) }
        let text = String(decoding: name, as: UTF8.self)
        let missing: String
        do throws(AnalysisError) {
            let store = try store()
            if let entry = try find(text, store) { return try image(entry, text, store) }
            if let found = try container(store, text) { return try opened(found, store) }
            missing =
                "find image \(displayed(name)): the store has no image or container of that name, "
                + "and there is no such file"
        } catch {
            guard Self.exists(name) else { throw error }
            return try named(name)
        }
        guard Self.exists(name) else { throw AnalysisError(missing) }
        return try named(name)
    }

    private static func exists(_ path: [UInt8]) -> Bool { (try? FD.workingDirectory.status(path.cPath)) != nil }

    // MARK: The store

    private func find(_ text: String, _ store: Store) throws(AnalysisError) -> Store.Entry? {
        do throws(StoreError) { return try store.find(text) } catch {
            guard error.kind == .missing, !error.description.contains("begin so") else {
                throw AnalysisError(error.description)
            }
            return nil
        }
    }

    private func image(_ entry: Store.Entry, _ title: String, _ store: Store) throws(AnalysisError) -> OpenedImage {
        let (image, lease) = try loaded(entry.image, store)
        return OpenedImage(
            title: title, names: entry.names, manifest: image.descriptor, id: image.manifest.config.digest,
            config: image.config, layers: Self.layers(image, store.blobs, lease))
    }

    /// An image whose blobs stay as long as the lease.
    private func loaded(
        _ descriptor: ContentDescriptor, _ store: Store
    ) throws(AnalysisError) -> (Store.Image, Lease) {
        try AnalysisError.wrapping { () throws(StoreError) in
            let lease = try store.lease()
            let image = try store.load(descriptor, for: platform)
            try lease.hold(([image.descriptor, image.manifest.config] + image.manifest.layers).map(\.digest))
            return (image, lease)
        }
    }

    private static func layers(_ image: Store.Image, _ blobs: BlobDirectory, _ lease: Lease?) -> [OpenedLayer] {
        let steps = OpenedLayer.steps(image.config, count: image.manifest.layers.count)
        return image.manifest.layers.indices.map { index in
            let blob = image.manifest.layers[index]
            return OpenedLayer(
                index: index, diffID: image.config.diffIDs[index], descriptor: blob, history: steps[index],
                archiveName: [], size: blob.size, content: .blob(blobs, blob.digest, lease))
        }
    }

    private func opened(_ container: FoundContainer, _ store: Store) throws(AnalysisError) -> OpenedImage {
        let stored = try AnalysisError.wrapping { () throws(StoreError) in try store.images() }
            .first { $0.image.digest == container.image }
        guard let stored else {
            throw AnalysisError("open container \(container.title): its image \(container.image) is missing")
        }
        let (image, lease) = try loaded(stored.image, store)
        var layers = Self.layers(image, store.blobs, lease)
        var config = image.config
        config.execution = container.execution
        let step = ImageConfig.History(createdBy: "(changes of container \(container.title))")
        layers.append(
            OpenedLayer(
                index: layers.count, diffID: nil, descriptor: nil, history: step, archiveName: [], size: 0,
                content: .upper(container.changes)))
        return OpenedImage(
            title: container.title, names: [], manifest: nil, id: nil, config: config, layers: layers)
    }

    // MARK: Files

    /// A path, which may be followed by `:` and the name of an image in it.
    private func named(_ text: [UInt8]) throws(AnalysisError) -> OpenedImage {
        if Self.exists(text) { return try path(text, nil) }
        for index in text.indices.dropFirst() where text[index] == 0x3a {
            let path = Array(text[..<index])
            guard Self.exists(path) else { continue }
            return try self.path(path, String(decoding: text[(index + 1)...], as: UTF8.self))
        }
        throw AnalysisError("open \(displayed(text)): \(Errno.noEntry)")
    }

    private func path(_ path: [UInt8], _ chosen: String?) throws(AnalysisError) -> OpenedImage {
        let prefix = "open \(displayed(path)): "
        let file = try AnalysisError.wrapping(prefix) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly])
        }
        let status = try AnalysisError.wrapping(prefix) { () throws(Errno) in try file.fd.status() }
        if status.isDirectory {
            let layout: ImageLayout
            do throws(ArchiveError) { layout = try ImageLayout(file) } catch {
                throw AnalysisError("\(prefix)\(error)")
            }
            let images = try AnalysisError.wrapping(prefix) { () throws(ArchiveError) in
                try layout.images(for: platform)
            }
            let image = try Self.choose(images, path, chosen, \.names)
            return try opened(image, in: layout.blobs, path)
        }
        guard PlacedArchive.reads(file.fd) else { return try compressed(file.fd, path, chosen) }
        let archive: PlacedArchive
        do throws(ArchiveError) { archive = try PlacedArchive(file) } catch {
            throw AnalysisError("\(prefix)\(error)")
        }
        let images = try AnalysisError.wrapping(prefix) { () throws(ArchiveError) in try archive.images(for: platform) }
        let image = try Self.choose(images, path, chosen, \.names)
        let steps = OpenedLayer.steps(image.config, count: image.layers.count)
        let owner = OpenedFile(archive)
        let layers = image.layers.indices.map { index in
            let layer = image.layers[index]
            return OpenedLayer(
                index: index, diffID: layer.diffID, descriptor: layer.descriptor, history: steps[index],
                archiveName: layer.name, size: Int64(layer.section.count), content: .section(owner, layer.section))
        }
        return OpenedImage(
            title: displayed(path), names: image.names, manifest: image.manifest, id: image.id, config: image.config,
            layers: layers)
    }

    private static func choose<Image>(
        _ images: [Image], _ path: [UInt8], _ chosen: String?, _ names: (Image) -> [Reference]
    ) throws(AnalysisError) -> Image {
        let found = images.filter { image in
            guard let chosen else { return true }
            return names(image).contains { $0.familiar == chosen || $0.description == chosen }
        }
        if found.count == 1, let image = found.first { return image }
        let all = images.flatMap(names).map(\.familiar).joined(separator: ", ")
        if let chosen {
            throw AnalysisError(
                "open \(displayed(path)): no image \(displayed(Array(chosen.utf8))) in it; there is \(all)")
        }
        if images.isEmpty { throw AnalysisError("open \(displayed(path)): there is no image in it") }
        throw AnalysisError(
            "open \(displayed(path)): \(images.count) images are in it; give PATH:NAME with one of \(all)")
    }

    private func opened(
        _ image: ArchivedImage, in blobs: BlobDirectory, _ path: [UInt8]
    ) throws(AnalysisError) -> OpenedImage {
        let loaded = try AnalysisError.wrapping("open \(displayed(path)): ") { () throws(ArchiveError) in
            try blobs.load(image.manifest)
        }
        return OpenedImage(
            title: displayed(path), names: image.names, manifest: image.manifest, id: loaded.manifest.config.digest,
            config: loaded.config, layers: Self.layers(loaded, blobs, nil))
    }

    /// An archive that has to be read through, into a directory that is gone again when its files are open.
    private func compressed(_ file: FD, _ path: [UInt8], _ chosen: String?) throws(AnalysisError) -> OpenedImage {
        let title = path == [0x2d] ? "standard input" : displayed(path)
        let prefix = "open \(title): "
        let scratch = try ScratchDirectory()
        let blobs = try AnalysisError.wrapping(prefix) { () throws(BlobError) in
            try BlobDirectory(making: scratch.path)
        }
        let images = try AnalysisError.wrapping(prefix) { () throws(ArchiveError) in
            try ImageArchive.load(file, into: blobs, for: platform)
        }
        let image = try Self.choose(images, path, chosen, \.names)
        let found = try opened(image, in: blobs, path)
        // One for each layer.
        var limit: UInt64 = 0
        _ = cl_raise_descriptor_limit(&limit)
        var layers: [OpenedLayer] = []
        for layer in found.layers {
            guard let blob = layer.descriptor else { continue }
            let file = try AnalysisError.wrapping(prefix) { () throws(BlobError) in try blobs.open(blob.digest) }
            layers.append(
                OpenedLayer(
                    index: layer.index, diffID: layer.diffID, descriptor: blob, history: layer.history,
                    archiveName: [], size: layer.size, content: .section(OpenedFile(file), 0..<blob.size)))
        }
        return OpenedImage(
            title: title, names: found.names, manifest: found.manifest, id: found.id, config: found.config,
            layers: layers)
    }
}
