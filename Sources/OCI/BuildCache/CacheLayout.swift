import CLinux
import Glibc
internal import Linux

/// An OCI directory that a build cache is written to (image-layout.md): readers find the old one or the new one, whole.
public struct CacheLayout: ~Copyable {
    private let root: Descriptor
    private let blobs: BlobDirectory
    private let lock: Descriptor
    private let shown: String

    /// Opens the directory, made where it is missing, and waits for whoever else writes to it.
    ///
    /// - Throws: ``ArchiveError`` for a directory that has something and is no image layout: nothing is done to it.
    public init(_ path: [UInt8]) throws(ArchiveError) {
        shown = printable(String(decoding: path, as: UTF8.self))
        let action = "write build cache \(shown)"
        let made = cl_mkdirat(-100, OCI.path(path), 0o755)
        if made < 0, Errno(0 &- made) != .exists { throw ArchiveError("\(action): \(Errno(0 &- made))") }
        let directory = try Self.naming(action) { () throws(Errno) in
            try FD.workingDirectory.open(OCI.path(path), [.readOnly, .directory])
        }
        guard try Self.naming(action, { () throws(Errno) in try Self.isOurs(directory.fd) }) else {
            throw ArchiveError("\(action): it is not empty, and no image layout")
        }
        let file = try Self.naming(action) { () throws(Errno) in
            try directory.fd.open(".lock", [.readWrite, .create, .noFollow], mode: 0o644)
        }
        while cl_flock_exclusive(file.raw) < 0 { usleep(50_000) }
        let again = try Self.naming(action) { () throws(Errno) in try directory.fd.open(".", [.readOnly, .directory]) }
        do throws(BlobError) { blobs = try BlobDirectory(again) } catch { throw ArchiveError("\(action): \(error)") }
        root = directory
        lock = file
    }

    /// An image layout, or a directory with nothing but what a kill left of one.
    private static func isOurs(_ directory: FD) throws(Errno) -> Bool {
        if (try? directory.status("oci-layout")) != nil { return true }
        var isEmpty = true
        try directory.forEachEntry { entry in
            let name = Array(entry.name)
            if name.first != UInt8(ascii: "."), !name.elementsEqual("blobs".utf8) { isEmpty = false }
            return isEmpty
        }
        return isEmpty
    }

    /// Brings the artifact's blobs, then names it in the index in the place of the one that was there, and removes what only that one needed.
    ///
    /// - Parameter source: has everything that the manifest names.
    /// - Throws: ``ArchiveError``; then the directory says what it said before.
    public consuming func write(_ manifest: ContentDescriptor, from source: BlobDirectory) throws(ArchiveError) {
        let content = try Self.content(of: manifest, source)
        for blob in content {
            try ArchiveError.wrapping { () throws(BlobError) in
                // A damaged one would stay for ever.
                if !blobs.isWhole(blob.digest) { try blobs.remove(blob.digest) }
                try blobs.copy(blob, from: source)
            }
        }
        let before = try index()
        let others = before.manifests.filter { $0.artifactType != MediaType.buildCache.rawValue }
        var named = manifest
        named.annotations[Annotation.referenceName] = "cache"
        let index = ImageIndex(manifests: others + [named])
        try Self.naming("write build cache \(shown)") { () throws(Errno) in
            if (try? root.fd.status("oci-layout")) == nil {
                try root.fd.replace("oci-layout", with: LayoutIndex.marker, mode: 0o644)
            }
            try root.fd.replace("index.json", with: index.bytes, mode: 0o644)
        }
        // Blobs of images that others put here may be any.
        if others.isEmpty { sweep(keeping: Set(content.map(\.digest.hex))) }
    }

    /// What the directory holds by now; nothing where there is no index, or one that nobody can read.
    private func index() throws(ArchiveError) -> ImageIndex {
        guard let bytes = try? root.fd.contents(of: "index.json", atMost: Repository.documentLimit),
            let index = try? ImageIndex(parsing: bytes)
        else { return ImageIndex(manifests: []) }
        return index
    }

    private static func content(
        of manifest: ContentDescriptor, _ source: BlobDirectory
    ) throws(ArchiveError) -> [ContentDescriptor] {
        let bytes = try ArchiveError.wrapping { () throws(BlobError) in try source.document(manifest.digest) }
        let parsed = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
        return (parsed.layers + [parsed.config, manifest]).unique
    }

    private func sweep(keeping names: Set<String>) {
        guard let directory = try? root.fd.open("blobs/sha256", [.readOnly, .directory, .noFollow]) else { return }
        var found: [[UInt8]] = []
        try? directory.fd.forEachEntry { entry in
            found.append(Array(entry.name))
            return true
        }
        for name in found where !names.contains(String(decoding: name, as: UTF8.self)) {
            try? directory.fd.unlink(OCI.path(name))
        }
    }

    private static func naming<Result: ~Copyable>(
        _ action: String, _ body: () throws(Errno) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(Errno) { return try body() } catch { throw ArchiveError("\(action): \(error)") }
    }
}

extension BlobDirectory {
    /// Whether a blob is there, and its content what its name says.
    fileprivate func isWhole(_ digest: Digest) -> Bool {
        guard let file = try? open(digest), var digester = try? Digester(digest.algorithm) else { return false }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while let count = try? check(cl_read(file.raw, buffer.baseAddress, buffer.count)) {
            if count == 0 { return (try? digester.finish()) == digest }
            digester.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return false
    }

    /// Removes whatever has a blob's name.
    fileprivate func remove(_ digest: Digest) throws(BlobError) {
        try BlobError.naming("remove blob \(digest)") { () throws(Errno) in
            do throws(Errno) { try root.fd.removeTree(Self.path(digest)) } catch {
                guard error == .noEntry else { throw error }
            }
        }
    }
}
