internal import CLinux
public import Linux

/// An archive of images in a file, read where it lies: nothing is copied, and layers are not read before somebody wants them. For the
/// same archives as ``ImageArchive``, where they are not compressed.
///
/// Documents are verified here; layers by who reads them, against their diff ids.
public final class PlacedArchive: Sendable {
    /// An image of the archive.
    public struct Image: Sendable {
        /// In full; empty where the archive says nothing.
        public let names: [Reference]
        /// nil in `docker save`'s older archives, which have none.
        public let manifest: ContentDescriptor?
        /// The digest of the configuration: what Docker calls the image's id.
        public let id: Digest
        public let config: ImageConfig
        /// From the base up.
        public let layers: [Layer]
    }

    public struct Layer: Sendable {
        public let diffID: Digest
        /// nil in `docker save`'s older archives.
        public let descriptor: ContentDescriptor?
        /// The file's name in the archive.
        public let name: [UInt8]
        /// Where in the archive it lies.
        public let section: Range<Int64>
    }

    private let file: Descriptor
    private let sections: ArchiveSections

    /// Whether it can be read so: a regular file that is not compressed.
    public static func reads(_ file: FD) -> Bool {
        guard (try? file.status())?.isRegular == true else { return false }
        var magic = [UInt8](repeating: 0, count: 4)
        let count = magic.withUnsafeMutableBytes { cl_pread(file.raw, $0.baseAddress, $0.count, 0) }
        return count == 4 && Compression(magic: magic) == .none
    }

    /// - Throws: ``ArchiveError`` for what is no tar.
    public init(_ file: consuming Descriptor) throws(ArchiveError) {
        sections = try ArchiveSections(file.fd)
        self.file = file
    }

    /// The archive itself, to be read by place.
    public var fd: FD { file.fd }

    /// The images for a platform.
    ///
    /// - Throws: ``ArchiveError`` in one line.
    public func images(for platform: Platform = .host) throws(ArchiveError) -> [Image] {
        if let index = try document("index.json") {
            let marker = try document("oci-layout")
            let layout = try ArchiveError.wrapping { () throws(DocumentError) in
                try LayoutIndex(parsing: index, marker: marker)
            }
            let found = try layout.images(for: platform, self)
            if !found.isEmpty {
                var images: [Image] = []
                for image in found { images.append(try laidOut(image)) }
                return images
            }
        }
        guard let document = try document("manifest.json") else {
            throw ArchiveError("read archive: neither manifest.json nor index.json is in it: no archive of images")
        }
        let manifest = try ArchiveError.wrapping { () throws(DocumentError) in try DockerManifest(parsing: document) }
        var images: [Image] = []
        for image in manifest.images { images.append(try saved(image)) }
        return images
    }

    private func document(_ name: String) throws(ArchiveError) -> [UInt8]? {
        let name = Array(name.utf8)
        guard let place = sections.file(name) else { return nil }
        return try bytes(place, name)
    }

    private func bytes(_ place: Range<Int64>, _ name: [UInt8]) throws(ArchiveError) -> [UInt8] {
        guard place.count <= Repository.documentLimit else {
            throw ArchiveError("read", name, "larger than \(Repository.documentLimit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: place.count)
        var done = 0
        while done < bytes.count {
            let result = bytes.withUnsafeMutableBytes {
                cl_pread(file.raw, $0.baseAddress.map { $0 + done }, $0.count - done, place.lowerBound + Int64(done))
            }
            if result == -4 { continue }
            guard result > 0 else { throw ArchiveError("read", name, "the archive ends before it does") }
            done += Int(result)
        }
        return bytes
    }

    private func laidOut(_ image: ArchivedImage) throws(ArchiveError) -> Image {
        let loaded = try loaded(image.manifest)
        var layers: [Layer] = []
        for (descriptor, diffID) in zip(loaded.manifest.layers, loaded.config.diffIDs) {
            let name = Self.name(descriptor.digest)
            guard let section = sections.file(name) else { throw ArchiveError("read", name, "it is missing") }
            layers.append(Layer(diffID: diffID, descriptor: descriptor, name: name, section: section))
        }
        return Image(
            names: image.names, manifest: image.manifest, id: loaded.manifest.config.digest, config: loaded.config,
            layers: layers)
    }

    private func saved(_ image: DockerManifest.Image) throws(ArchiveError) -> Image {
        guard let place = sections.file(image.config) else {
            throw ArchiveError("read", image.config, "manifest.json names it, but it is missing")
        }
        let bytes = try bytes(place, image.config)
        let id = try ArchiveError.wrapping { () throws(DigestError) in try Digest(of: bytes) }
        if let stated = DockerManifest.stated(image.config), stated != id {
            throw ArchiveError("read", image.config, "wrong content: its digest is \(id)")
        }
        let config = try ArchiveError.wrapping { () throws(DocumentError) in try ImageConfig(parsing: bytes) }
        guard config.diffIDs.count == image.layers.count else {
            throw ArchiveError(
                "read", image.config,
                "it has \(config.diffIDs.count) layers where manifest.json names \(image.layers.count)")
        }
        var layers: [Layer] = []
        for (name, diffID) in zip(image.layers, config.diffIDs) {
            guard let section = sections.file(name) else {
                throw ArchiveError("read", name, "manifest.json names it, but it is missing")
            }
            layers.append(Layer(diffID: diffID, descriptor: nil, name: name, section: section))
        }
        return Image(names: image.names, manifest: nil, id: id, config: config, layers: layers)
    }

    private static func name(_ digest: Digest) -> [UInt8] { Array(BlobDirectory.path(digest).utf8) }
}

extension PlacedArchive: BlobSource {
    func size(of digest: Digest) throws(BlobError) -> Int64? {
        sections.file(Self.name(digest)).map { Int64($0.count) }
    }

    func document(_ digest: Digest) throws(BlobError) -> [UInt8] {
        let name = Self.name(digest)
        guard let place = sections.file(name) else { throw .missing(digest) }
        let bytes: [UInt8]
        do throws(ArchiveError) { bytes = try self.bytes(place, name) } catch { throw .unavailable("\(error)") }
        let actual = try BlobDirectory.digest(of: bytes, digest.algorithm)
        guard actual == digest else { throw .wrongDigest(actual, expected: digest) }
        return bytes
    }
}
