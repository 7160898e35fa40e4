public import Linux

/// A layer read entry by entry, for who wants to know what is in it: nothing is made of it.
///
/// Entries are checked as ``LayerUnpacker`` checks them before it looks at the file system: their names lead nowhere outside, the limits hold.
/// That a name comes twice is left to the reader. To be used and released on the thread that made it.
public final class LayerReader {
    private let input: LayerInput
    private let limits: LayerLimits
    private let archive: ArchiveReader
    private var count: EntryCount
    private var current: TarEntry?
    private var declared: Int64 = 0

    /// - Parameters:
    ///   - file: the blob, compressed by gzip or zstd, or not; read from its position to its end.
    ///   - section: the part of the file that is the blob, wherever the file's position is.
    /// - Throws: ``LayerError`` where there is no memory.
    public init(_ file: FD, section: Range<Int64>? = nil, limits: LayerLimits = LayerLimits()) throws(LayerError) {
        input = try LayerInput(file, limits, .tar, section: section)
        archive = try ArchiveReader(input)
        count = EntryCount(limits)
        self.limits = limits
    }

    /// The next entry; nil at the end.
    ///
    /// - Throws: ``LayerError`` for what is no layer, damaged, hostile, or beyond the limits: also for files that are together
    ///   larger than four times `tarSize`, holes included.
    public func next() throws(LayerError) -> TarEntry? {
        current = try archive.next()
        guard let entry = current else { return nil }
        try count.add(entry)
        if case .file(let size) = entry.kind {
            let (sum, overflow) = declared.addingReportingOverflow(size)
            guard !overflow, sum / 4 <= limits.tarSize else {
                throw LayerError(.refused, "read", entry.name, "the layer's files are larger than any disk")
            }
            declared = sum
        }
        return entry
    }

    /// The data of the entry just read, piece by piece with its offset; what is between pieces is a hole.
    public func data(_ body: (UnsafeRawBufferPointer, Int64) -> Void) throws(LayerError) {
        guard let current else { return }
        try archive.data(of: current.name) { (bytes, offset) throws(LayerError) in body(bytes, offset) }
    }

    /// Bytes of the blob that were read so far.
    public var blobSize: Int64 { input.blobSize }
    /// Bytes of the tar that were read so far.
    public var tarSize: Int64 { input.tarSize }

    /// Reads what is left.
    ///
    /// - Returns: the digest of the whole tar.
    public func finish() throws(LayerError) -> Digest { try input.finish().diffID }
}
