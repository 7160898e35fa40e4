internal import Linux

internal import CLinux

/// The file that a blob is written to, with its digest and size as it grows.
struct BlobOutput: ~Copyable {
    private let fd: FD
    private var digester: Digester
    private(set) var size: Int64 = 0

    init(_ fd: FD) throws(LayerError) {
        self.fd = fd
        digester = try .ofLayer()
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(LayerError) {
        digester.update(bytes)
        size += Int64(bytes.count)
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let result = cl_write(fd.raw, base, rest.count)
            if result == -4 { continue }
            let count = try naming("write layer", []) { () throws(Errno) in try check(result) }
            if count == 0 { throw LayerError("write layer", [], .io) }
            rest = rest.dropFirst(count)
        }
    }

    consuming func finish() throws(LayerError) -> (digest: Digest, size: Int64) {
        let size = self.size
        return (try digester.finishLayer(), size)
    }
}

extension Digester {
    static func ofLayer() throws(LayerError) -> Digester {
        do throws(DigestError) { return try Digester() } catch {
            throw LayerError(.unavailable, "hash", "no memory")
        }
    }

    mutating func finishLayer() throws(LayerError) -> Digest {
        do throws(DigestError) { return try finish() } catch {
            throw LayerError(.unavailable, "hash", "no memory")
        }
    }
}
