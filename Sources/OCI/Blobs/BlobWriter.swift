import CLinux
public import Linux

/// One blob on its way into a ``BlobDirectory``: hashed while it is written, and without its name until it is complete. Neither an
/// error nor a kill leaves a part of it, unless it was begun to be taken up again.
public struct BlobWriter: ~Copyable {
    private let directory: BlobDirectory
    private let algorithm: Digest.Algorithm
    private let file: Descriptor
    /// Of a ``PartialBlob``, or where the file system has no files without a name.
    private let temporary: String?
    /// Whether what was written stays for who takes it up again, when it is not finished.
    var isKept = false
    private var digester: Digester
    public private(set) var size: Int64 = 0

    /// - Throws: ``BlobError`` when no file can be made.
    public init(_ directory: BlobDirectory, _ algorithm: Digest.Algorithm = .sha256) throws(BlobError) {
        if algorithm != .sha256 { try directory.makeDirectory(algorithm) }
        let digester: Digester
        do throws(DigestError) { digester = try Digester(algorithm) } catch { throw .unavailable("\(error)") }
        let place = BlobDirectory.path(algorithm)
        do throws(Errno) {
            file = try directory.root.fd.open(place, [.readWrite, .temporary], mode: 0o644)
            temporary = nil
        } catch {
            guard error == .notSupported || error == .isDirectory || error == .invalid else {
                throw .failed("make a blob", error)
            }
            let name = "\(place)/.\(UInt64.random(in: 0 ... .max)).partial"
            file = try BlobError.naming("make a blob") { () throws(Errno) in
                try directory.root.fd.open(name, [.readWrite, .create, .exclusive], mode: 0o644)
            }
            temporary = name
        }
        self.directory = directory
        self.algorithm = algorithm
        self.digester = digester
    }

    /// Goes on where another process was cut short, in a directory that keeps partial blobs and while nobody else does; otherwise
    /// begins. ``size`` says how much is there: it counts for the digest, and nobody has verified it.
    static func resuming(_ blob: ContentDescriptor, in directory: BlobDirectory) throws(BlobError) -> BlobWriter {
        let algorithm = blob.digest.algorithm
        guard directory.keepsPartials else { return try BlobWriter(directory, algorithm) }
        let taken = try BlobError.naming("take up a blob") { () throws(Errno) in
            try PartialBlob.take(blob.digest, in: directory.root.fd)
        }
        guard let taken else { return try BlobWriter(directory, algorithm) }
        var writer = try BlobWriter(directory, algorithm, taken, PartialBlob.name(blob.digest))
        try writer.takeUp(atMost: blob.size)
        return writer
    }

    private init(
        _ directory: BlobDirectory, _ algorithm: Digest.Algorithm, _ file: consuming Descriptor, _ temporary: String
    ) throws(BlobError) {
        if algorithm != .sha256 { try directory.makeDirectory(algorithm) }
        do throws(DigestError) { digester = try Digester(algorithm) } catch { throw .unavailable("\(error)") }
        self.file = file
        self.directory = directory
        self.algorithm = algorithm
        self.temporary = temporary
    }

    /// Hashes what is there, from the beginning on as it would have been written.
    private mutating func takeUp(atMost limit: Int64) throws(BlobError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        while size < limit {
            let count = try BlobError.naming("read a partial blob") { () throws(Errno) in
                try check(cl_pread(file.raw, buffer.baseAddress, Int(min(Int64(buffer.count), limit - size)), size))
            }
            if count == 0 { break }
            digester.update(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
            size += Int64(count)
        }
        try BlobError.naming("shorten a partial blob") { () throws(Errno) in try check(cl_ftruncate(file.raw, size)) }
    }

    /// Gives up what is there.
    mutating func beginAgain() throws(BlobError) {
        do throws(DigestError) { digester = try Digester(algorithm) } catch { throw .unavailable("\(error)") }
        size = 0
        try BlobError.naming("shorten a partial blob") { () throws(Errno) in try check(cl_ftruncate(file.raw, 0)) }
    }

    deinit { if let temporary, !isKept { _ = cl_unlinkat(directory.root.raw, temporary, 0) } }

    /// The bytes that were written so far, to be read by position.
    public var fd: FD { file.fd }

    /// Appends.
    ///
    /// - Throws: ``BlobError`` `failed`, such as ENOSPC.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(BlobError) {
        try BlobError.naming("write a blob") { () throws(Errno) in try file.fd.writeAll(bytes, at: size) }
        digester.update(bytes)
        size += Int64(bytes.count)
    }

    /// Appends.
    public mutating func write(_ bytes: [UInt8]) throws(BlobError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(BlobError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    /// Gives the blob its name, after it is on the disk. One that is there already stays.
    ///
    /// - Throws: ``BlobError``; `wrongDigest` and `wrongSize` for what is not as expected: then nothing is kept.
    public consuming func finish(
        expecting digest: Digest? = nil, size expected: Int64? = nil
    ) throws(BlobError) -> (digest: Digest, size: Int64) {
        if let expected, expected != size { throw .wrongSize(size, expected: expected) }
        let actual: Digest
        do throws(DigestError) { actual = try digester.finish() } catch { throw .unavailable("\(error)") }
        if let digest, digest != actual { throw .wrongDigest(actual, expected: digest) }
        let size = self.size
        try keep(actual)
        return (actual, size)
    }

    /// Gives the blob of a layer its name that was written to ``fd``, and hashed while it was, by ``LayerBuilder``.
    public consuming func finish(_ layer: BuiltLayer) throws(BlobError) { try keep(layer.descriptor.digest) }

    private consuming func keep(_ actual: Digest) throws(BlobError) {
        try directory.hold([actual])
        let name = BlobDirectory.path(actual)
        try BlobError.naming("keep blob \(actual)") { () throws(Errno) in
            if (try? directory.root.fd.status(name)) != nil { return }
            try check(cl_fsync(file.raw))
            if let temporary {
                try directory.root.fd.rename(temporary, to: directory.root.fd, name)
                isKept = true
            } else {
                do throws(Errno) { try file.fd.linkSelf(to: directory.root.fd, name) } catch {
                    guard error == .exists else { throw error }
                }
            }
            let place = try directory.root.fd.open(BlobDirectory.path(algorithm), [.readOnly, .directory])
            try check(cl_fsync(place.raw))
        }
    }
}
