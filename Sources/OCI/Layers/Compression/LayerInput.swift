internal import CCompression
internal import CLinux
internal import Linux

/// A blob on its way to being a tar: hashed, decompressed, hashed again, with ``LayerLimits`` kept.
final class LayerInput: ArchiveInput {
    private let fd: FD
    private let limits: LayerLimits
    private let hashing: Hashing
    /// Where in the file to read next, and where it ends; nil reads from the file's own position to its end.
    private var section: Range<Int64>?
    private let size = 256 << 10
    private let raw: UnsafeMutableRawPointer
    private let decoded: UnsafeMutableRawPointer
    private var decoder: OpaquePointer?
    private var begun = false
    /// What was read and not yet decoded.
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
    private var blob: Digester
    private var tar: Digester
    private(set) var blobSize: Int64 = 0
    private(set) var tarSize: Int64 = 0
    private(set) var compression = Compression.none
    /// Told of ``blobSize`` as it grows.
    var observer: (@Sendable (Int64) -> Void)?
    /// Asked as often; true ends the reading with an error.
    var isInterrupted: (@Sendable () -> Bool)?

    /// Which digests ``finish()`` is to give.
    enum Hashing {
        case none, tar, both
    }

    /// - Parameter section: the part of the file that is the blob.
    init(
        _ fd: FD, _ limits: LayerLimits, _ hashing: Hashing = .both, section: Range<Int64>? = nil
    ) throws(LayerError) {
        let blob = try Digester.ofLayer()
        let tar = try Digester.ofLayer()
        self.fd = fd
        self.limits = limits
        self.hashing = hashing
        self.section = section
        self.blob = blob
        self.tar = tar
        raw = .allocate(byteCount: size, alignment: 4096)
        decoded = .allocate(byteCount: size, alignment: 4096)
    }

    deinit {
        raw.deallocate()
        decoded.deallocate()
        cz_decoder_free(decoder)
    }

    /// The next bytes of the tar, valid until the next call; empty at its end.
    ///
    /// - Throws: ``LayerError`` for what cannot be decompressed, ends too early, or exceeds the limits.
    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        while true {
            if rest.isEmpty { try fill() }
            if rest.isEmpty {
                guard decoder == nil || cz_decoder_at_end(decoder) == 1 else {
                    throw LayerError(.refused, "decompress layer", "it ends too early")
                }
                return rest
            }
            let bytes = try decode()
            if bytes.isEmpty { continue }
            tarSize += Int64(bytes.count)
            try checkLimits()
            if hashing != .none { tar.update(bytes) }
            return bytes
        }
    }

    private func fill() throws(LayerError) {
        if isInterrupted?() == true { throw LayerError(.refused, "read layer", "interrupted") }
        var count = 0
        // The format is told by the first bytes: a pipe may give fewer at first.
        while count < (begun ? 1 : 4) {
            let result = read(raw + count, size - count)
            if result == -4 { continue }
            let read = try naming("read layer", []) { () throws(Errno) in try check(result) }
            if read == 0 { break }
            count += read
        }
        rest = UnsafeRawBufferPointer(start: raw, count: count)
        if hashing == .both { blob.update(rest) }
        blobSize += Int64(count)
        observer?(blobSize)
        if !begun { try begin() }
    }

    private func read(_ buffer: UnsafeMutableRawPointer, _ room: Int) -> Int64 {
        guard let place = section else { return cl_read(fd.raw, buffer, room) }
        let result = cl_pread(fd.raw, buffer, min(room, place.count), place.lowerBound)
        if result > 0 { section = min(place.lowerBound + result, place.upperBound)..<place.upperBound }
        return result
    }

    /// Passes over bytes of an uncompressed section without reading them.
    ///
    /// - Returns: how many; the rest has to be read.
    package func skip(_ count: Int64) -> Int64 {
        guard let place = section, begun, decoder == nil, rest.isEmpty, count > 0 else { return 0 }
        let skipped = min(count, place.upperBound - place.lowerBound)
        section = (place.lowerBound + skipped)..<place.upperBound
        return skipped
    }

    private func begin() throws(LayerError) {
        begun = true
        let magic = rest.prefix(4).map(\.self)
        if magic.starts(with: [0x1f, 0x8b]) {
            compression = .gzip
        } else if magic == [0x28, 0xb5, 0x2f, 0xfd]
            || magic.count == 4 && magic[0] & 0xf0 == 0x50 && magic[1...] == [0x2a, 0x4d, 0x18]
        {
            compression = .zstd
        } else if magic == [0xfd, 0x37, 0x7a, 0x58] || magic.starts(with: Array("BZh".utf8)) {
            throw LayerError(.refused, "decompress layer", "layers are compressed by gzip or zstd, not by xz or bzip2")
        } else {
            return
        }
        decoder = cz_decoder_new(Int32(compression == .gzip ? CZ_GZIP : CZ_ZSTD))
        if decoder == nil { throw LayerError(.unavailable, "decompress layer", "no memory") }
    }

    private func decode() throws(LayerError) -> UnsafeRawBufferPointer {
        guard let decoder else {
            defer { rest = UnsafeRawBufferPointer(start: nil, count: 0) }
            return rest
        }
        var produced = 0
        while produced < size {
            if rest.isEmpty { try fill() }
            var taken = 0
            var written = 0
            let result = cz_decode(
                decoder, rest.baseAddress, rest.count, &taken, decoded + produced, size - produced, &written)
            guard result == 0 else {
                throw LayerError(
                    .refused, "decompress layer", "not \(compression.rawValue), or damaged, near byte \(blobSize)")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            produced += written
            if taken == 0, written == 0 {
                // Nothing moves although there is room and something to read.
                if !rest.isEmpty { throw LayerError(.refused, "decompress layer", "damaged near byte \(blobSize)") }
                break
            }
        }
        return UnsafeRawBufferPointer(start: decoded, count: produced)
    }

    private func checkLimits() throws(LayerError) {
        guard tarSize <= limits.tarSize else {
            throw LayerError(.refused, "unpack layer", "more than \(limits.tarSize) bytes when decompressed")
        }
        let (most, overflow) = blobSize.multipliedReportingOverflow(by: limits.ratio)
        guard overflow || tarSize <= limits.allowance || tarSize - limits.allowance <= most else {
            throw LayerError(
                .refused, "unpack layer",
                "decompressed it is more than \(limits.ratio) times its size: a decompression bomb")
        }
    }

    /// Reads what is left, so that the digests are of everything. Those that were not asked for are of nothing.
    func finish() throws(LayerError) -> (diffID: Digest, digest: Digest) {
        while !(try next().isEmpty) {}
        return (try tar.finishLayer(), try blob.finishLayer())
    }
}
