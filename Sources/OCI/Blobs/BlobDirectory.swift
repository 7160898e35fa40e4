import CLinux
public import Linux

/// Content by digest: `blobs/ALGORITHM/HEX` of an image layout (image-layout.md, "Blobs"). Any number of processes share one.
/// A blob is there whole or not at all, and never changes.
public final class BlobDirectory: Sendable {
    let root: Descriptor
    /// Told of every blob before it is kept, or found to be there: whoever prunes the directory learns it so.
    private let holder: (@Sendable ([Digest]) throws(BlobError) -> Void)?
    /// Whether a blob whose transfer is cut short stays beside the blobs, as a ``PartialBlob``.
    let keepsPartials: Bool

    /// - Parameter root: the directory of the layout; `blobs/sha256` is made in it where it is missing.
    public init(_ root: consuming Descriptor) throws(BlobError) {
        self.root = root
        holder = nil
        keepsPartials = false
        try makeDirectory(.sha256)
    }

    /// The same blobs of a store, for somebody who holds what he adds.
    func held(by holder: @escaping @Sendable ([Digest]) throws(BlobError) -> Void) throws(BlobError) -> BlobDirectory {
        let again = try BlobError.naming("open blobs") { () throws(Errno) in
            try root.fd.open(".", [.readOnly, .directory])
        }
        return BlobDirectory(reading: again, holder)
    }

    /// To be called before blobs are looked for that are not to be fetched again.
    func hold(_ digests: [Digest]) throws(BlobError) { try holder?(digests) }

    /// In the directory of a path, made where it is missing.
    public convenience init(making path: [UInt8]) throws(BlobError) {
        let result = cl_mkdirat(-100, path.cPath, 0o755)
        let name = printable(String(decoding: path, as: UTF8.self))
        if result < 0, Errno(0 &- result) != .exists { throw .failed("make \(name)", Errno(0 &- result)) }
        try self.init(
            try BlobError.naming("open \(name)") { () throws(Errno) in
                try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
            })
    }

    /// A layout that is only read.
    init(reading root: consuming Descriptor, _ holder: (@Sendable ([Digest]) throws(BlobError) -> Void)? = nil) {
        self.root = root
        self.holder = holder
        keepsPartials = holder != nil
    }

    func makeDirectory(_ algorithm: Digest.Algorithm) throws(BlobError) {
        for name in ["blobs", Self.path(algorithm)] {
            let result = cl_mkdirat(root.raw, name, 0o755)
            if result < 0, Errno(0 &- result) != .exists { throw .failed("make \(name)", Errno(0 &- result)) }
        }
    }

    static func path(_ algorithm: Digest.Algorithm) -> String { "blobs/\(algorithm.rawValue)" }

    static func path(_ digest: Digest) -> String { "\(path(digest.algorithm))/\(digest.hex)" }

    /// Bytes of a blob; nil where it is missing.
    public func size(of digest: Digest) throws(BlobError) -> Int64? {
        let status: Status
        do throws(Errno) { status = try root.fd.status(Self.path(digest)) } catch {
            if error == .noEntry { return nil }
            throw .failed("look up blob \(digest)", error)
        }
        guard status.isRegular else { throw .noFile(digest) }
        return Int64(clamping: status.size)
    }

    /// Opens a blob for reading.
    ///
    /// - Throws: ``BlobError``; `missing` where there is none. A link in its place is not followed.
    public func open(_ digest: Digest) throws(BlobError) -> Descriptor {
        let file = try opened(digest)
        let status = try BlobError.naming("open blob \(digest)") { () throws(Errno) in try file.fd.status() }
        guard status.isRegular else { throw .noFile(digest) }
        return file
    }

    private func opened(_ digest: Digest) throws(BlobError) -> Descriptor {
        do throws(Errno) { return try root.fd.open(Self.path(digest), [.readOnly, .noFollow, .nonBlocking]) } catch {
            throw error == .noEntry ? .missing(digest) : .failed("open blob \(digest)", error)
        }
    }

    /// The bytes of a document, verified.
    ///
    /// - Throws: ``BlobError``; `wrongSize` for more than `limit` bytes.
    public func document(_ digest: Digest, atMost limit: Int = Repository.documentLimit) throws(BlobError) -> [UInt8] {
        let file = try open(digest)
        let bytes = try BlobError.naming("read blob \(digest)") { () throws(Errno) in
            let size = try file.fd.status().size
            guard size <= UInt64(limit) else { throw .fileTooBig }
            return try file.fd.remainder(atMost: limit)
        }
        let actual = try Self.digest(of: bytes, digest.algorithm)
        guard actual == digest else { throw .wrongDigest(actual, expected: digest) }
        return bytes
    }

    /// Keeps bytes that are in memory.
    @discardableResult
    public func keep(_ bytes: [UInt8], expecting digest: Digest? = nil) throws(BlobError) -> Digest {
        var writer = try BlobWriter(self, digest?.algorithm ?? .sha256)
        try bytes.withUnsafeBufferPointer { (buffer) throws(BlobError) in
            try writer.write(UnsafeRawBufferPointer(buffer))
        }
        return try writer.finish(expecting: digest).digest
    }

    static func digest(of bytes: [UInt8], _ algorithm: Digest.Algorithm) throws(BlobError) -> Digest {
        do throws(DigestError) { return try Digest(of: bytes, algorithm) } catch { throw .unavailable("\(error)") }
    }
}

extension BlobDirectory {
    /// Keeps a blob of another directory, verified on the way; one that is here already is not read.
    public func copy(_ blob: ContentDescriptor, from source: BlobDirectory) throws(BlobError) {
        try hold([blob.digest])
        if try size(of: blob.digest) == blob.size { return }
        let file = try source.open(blob.digest)
        var writer = try BlobWriter(self, blob.digest.algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while writer.size <= blob.size {
            let position = writer.size
            let count = try BlobError.naming("read blob \(blob.digest)") { () throws(Errno) in
                try check(cl_pread(file.raw, buffer.baseAddress, buffer.count, position))
            }
            if count == 0 { break }
            try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        _ = try writer.finish(expecting: blob.digest, size: blob.size)
    }
}
