internal import CCompression
internal import CLinux
internal import Linux

/// How a layer's tar is made into a blob.
public struct LayerCoding: Equatable, Sendable {
    public var compression: Compression
    /// gzip: 1 to 9; zstd: 1 to 19. nil is the codec's usual one: 1 for gzip, which at a tenth of the time is a tenth larger
    /// than 6, and 3 for zstd.
    ///
    /// gzip 1 is ISA-L's: its bytes are the same on every x86-64 with SSE 4.2. Levels 2 to 9 are zlib's: the same everywhere.
    public var level: Int?
    /// Threads that compress; the bytes do not depend on them.
    public var workers: Int

    public init(_ compression: Compression = .gzip, level: Int? = nil, workers: Int? = nil) {
        self.compression = compression
        self.level = level
        self.workers = workers ?? Int(cl_processors())
    }
}

/// What a tar becomes on its way: hashed, compressed, hashed again and written, in one pass. Holds a few blocks of
/// ``BlockDeflater/blockSize`` bytes, never a file.
struct LayerStream: ~Copyable {
    private enum Codec {
        case none
        case gzip(BlockDeflater)
        case zstd(ZstdEncoder)

        init(_ coding: LayerCoding) throws(LayerError) {
            switch coding.compression {
            case .none: self = .none
            case .gzip:
                let level = min(max(coding.level ?? 1, 1), 9)
                self = .gzip(try BlockDeflater(level: level, workers: coding.workers))
            case .zstd: self = .zstd(try ZstdEncoder(level: coding.level ?? 3, workers: coding.workers))
            }
        }
    }

    private let codec: Codec
    private var output: BlobOutput
    private var diffID: Digester
    private var block: UnsafeMutableRawPointer
    private var filled = 0
    private var total: Int64 = 0
    /// A block for the codecs that have none of their own, and one for what zstd gives.
    private let own: Block
    private let scratch: Block
    private static let size = BlockDeflater.blockSize

    init(to fd: FD, _ coding: LayerCoding) throws(LayerError) {
        let codec = try Codec(coding)
        let diffID = try Digester.ofLayer()
        var output = try BlobOutput(fd)
        let own = Block(Self.size)
        var block = own.start
        if case .gzip(let deflater) = codec {
            try BlockDeflater.header.withUnsafeBufferPointer { (bytes) throws(LayerError) in
                try output.write(UnsafeRawBufferPointer(bytes))
            }
            block = try deflater.nextBlock { (bytes) throws(LayerError) in try output.write(bytes) }
        }
        self.codec = codec
        self.diffID = diffID
        self.output = output
        self.own = own
        self.block = block
        scratch = Block(Self.size)
    }

    mutating func write(_ bytes: [UInt8]) throws(LayerError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(LayerError) in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = min(rest.count, Self.size - filled)
                UnsafeMutableRawBufferPointer(start: block + filled, count: count)
                    .copyBytes(from: rest.prefix(count))
                rest = rest.dropFirst(count)
                try advance(count)
            }
        }
    }

    mutating func writeZeros(_ count: Int64) throws(LayerError) {
        var rest = count
        while rest > 0 {
            let count = Int(min(rest, Int64(Self.size - filled)))
            (block + filled).initializeMemory(as: UInt8.self, repeating: 0, count: count)
            rest -= Int64(count)
            try advance(count)
        }
    }

    /// Reads from a file straight into the block. Fewer bytes than `count` only where the file ends.
    mutating func write(_ count: Int64, from fd: FD, at offset: Int64, _ name: [UInt8]) throws(LayerError) -> Int64 {
        var done: Int64 = 0
        while done < count {
            let wanted = Int(min(count - done, Int64(Self.size - filled)))
            let result = cl_pread(fd.raw, block + filled, wanted, offset + done)
            if result == -4 { continue }
            let read = try naming("read", name) { () throws(Errno) in try check(result) }
            if read == 0 { return done }
            done += Int64(read)
            try advance(read)
        }
        return done
    }

    private mutating func advance(_ count: Int) throws(LayerError) {
        filled += count
        if filled == Self.size { try flush(last: false) }
    }

    private mutating func flush(last: Bool) throws(LayerError) {
        let bytes = UnsafeRawBufferPointer(start: block, count: filled)
        total += Int64(filled)
        switch codec {
        case .none:
            diffID.update(bytes)
            try output.write(bytes)
        case .gzip(let deflater):
            deflater.submit(count: filled, last: last)
            diffID.update(bytes)
            if last {
                try deflater.finish { (bytes) throws(LayerError) in try output.write(bytes) }
            } else {
                block = try deflater.nextBlock { (bytes) throws(LayerError) in try output.write(bytes) }
            }
        case .zstd(let encoder):
            diffID.update(bytes)
            try encode(encoder, bytes, last: last)
        }
        filled = 0
    }

    private mutating func encode(
        _ encoder: ZstdEncoder, _ bytes: UnsafeRawBufferPointer, last: Bool
    ) throws(LayerError) {
        var position = 0
        while true {
            var taken = 0
            var written = 0
            let result = cz_zstd_encode(
                encoder.raw, bytes.baseAddress.map { $0 + position }, bytes.count - position, &taken, scratch.start,
                Self.size, &written, last ? 1 : 0)
            guard result >= 0 else { throw LayerError(.unavailable, "compress", "libzstd failed") }
            position += taken
            try output.write(UnsafeRawBufferPointer(start: scratch.start, count: written))
            if last ? result == 1 : position == bytes.count { return }
        }
    }

    /// The digest and size of the tar, and of the blob.
    consuming func finish() throws(LayerError) -> (diffID: Digest, tarSize: Int64, digest: Digest, size: Int64) {
        try flush(last: true)
        let total = self.total
        let diffID = try self.diffID.finishLayer()
        let blob = try output.finish()
        return (diffID, total, blob.digest, blob.size)
    }
}

private final class Block {
    let start: UnsafeMutableRawPointer

    init(_ size: Int) { start = .allocate(byteCount: size, alignment: 4096) }
    deinit { start.deallocate() }
}

private final class ZstdEncoder {
    let raw: OpaquePointer

    /// Jobs of 2 MiB, six workers at most: all that libzstd holds stays under 48 MiB.
    init(level: Int, workers: Int) throws(LayerError) {
        let level = Int32(min(max(level, 1), 19))
        guard let raw = cz_zstd_encoder_new(level, Int32(max(1, min(workers, 6))), 2 << 20) else {
            throw LayerError(.unavailable, "compress", "libzstd cannot be set up")
        }
        self.raw = raw
    }

    deinit { cz_zstd_encoder_free(raw) }
}
