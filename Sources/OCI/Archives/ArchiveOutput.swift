import CLinux
internal import Linux

/// A tar on its way to a file or a pipe. The same entries give the same bytes: no owners, and one time for all.
struct ArchiveOutput: ~Copyable {
    private let fd: FD
    private let buffer: UnsafeMutableRawBufferPointer
    /// Not every pair of files lets the kernel copy.
    private var kernelCopies = true

    init(_ fd: FD) {
        self.fd = fd
        buffer = .allocate(byteCount: 1 << 20, alignment: 4096)
    }

    deinit { buffer.deallocate() }

    func directory(_ name: String) throws(ArchiveError) { try header(name, .directory, mode: 0o755) }

    func file(_ name: String, _ bytes: [UInt8]) throws(ArchiveError) {
        try header(name, .file(size: Int64(bytes.count)), mode: 0o644)
        try write(bytes + [UInt8](repeating: 0, count: Int(TarHeader.padding(Int64(bytes.count)))))
    }

    /// A blob as it lies in a directory.
    mutating func blob(_ blob: ContentDescriptor, from blobs: BlobDirectory) throws(ArchiveError) {
        let file = try ArchiveError.wrapping { () throws(BlobError) in try blobs.open(blob.digest) }
        try header(BlobDirectory.path(blob.digest), .file(size: blob.size), mode: 0o644)
        var position: Int64 = 0
        while position < blob.size {
            let count = try copy(file.fd, position, blob.size - position)
            guard count > 0 else {
                throw ArchiveError("read blob \(blob.digest): it ends after \(position) of \(blob.size) bytes")
            }
            position += count
        }
        try write([UInt8](repeating: 0, count: Int(TarHeader.padding(blob.size))))
    }

    func end() throws(ArchiveError) { try write(TarHeader.end) }

    private mutating func copy(_ file: FD, _ position: Int64, _ count: Int64) throws(ArchiveError) -> Int64 {
        if kernelCopies {
            var offset = position
            let result = cl_copy_file_range(file.raw, &offset, fd.raw, nil, Int(min(count, 1 << 30)))
            if result > 0 { return result }
            kernelCopies = false
        }
        let wanted = min(buffer.count, Int(clamping: count))
        let read = try Self.naming("read blob") { () throws(Errno) in
            try check(cl_pread(file.raw, buffer.baseAddress, wanted, position))
        }
        try write(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        return Int64(read)
    }

    private func header(_ name: String, _ kind: TarEntry.Kind, mode: UInt32) throws(ArchiveError) {
        let entry = TarEntry(
            name: Array(name.utf8), kind: kind, mode: mode, uid: 0, gid: 0,
            modified: Timestamp(seconds: 0, nanoseconds: 0))
        try write(try ArchiveError.wrapping { () throws(LayerError) in try TarHeader.bytes(of: entry) })
    }

    private func write(_ bytes: [UInt8]) throws(ArchiveError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ArchiveError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let result = cl_write(fd.raw, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if result == -4 { continue }
            let count = try Self.naming("write archive") { () throws(Errno) in try check(result) }
            rest = rest.dropFirst(count)
        }
    }

    private static func naming<Result>(
        _ action: String, _ body: () throws(Errno) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(Errno) { return try body() } catch { throw ArchiveError("\(action): \(error)") }
    }
}
