import CFuse
import CLinux
import Glibc
import Linux
import Union

/// One request as the kernel wrote it, and room for the reply. A worker has one, and uses it again and again.
struct Exchange: ~Copyable {
    /// What a WRITE may carry, and a READ or READDIR return.
    static let payload = 1 << 20
    private static let inputSize = payload + 8192
    static let header = MemoryLayout<fuse_out_header>.size

    let input: UnsafeMutableRawPointer
    let output: UnsafeMutableRawPointer
    /// The request's whole length, set by `receive`.
    var length = 0
    /// For large replies of READ.
    let pipe = DataPipe()

    init() {
        input = .allocate(byteCount: Self.inputSize, alignment: 4096)
        output = .allocate(byteCount: Self.payload + 4096, alignment: 4096)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    var head: fuse_in_header { input.load(as: fuse_in_header.self) }

    /// The argument structure that follows the header; zeros where the request is too short for it.
    func argument<T: BitwiseCopyable>(_ type: T.Type) -> T? {
        let offset = MemoryLayout<fuse_in_header>.size
        guard length >= offset + MemoryLayout<T>.size else { return nil }
        return input.load(fromByteOffset: offset, as: type)
    }

    /// A NUL-terminated name that begins `offset` bytes after the header.
    func name(after offset: Int) -> Name? {
        let start = MemoryLayout<fuse_in_header>.size + offset
        guard start < length, let end = memchr(input + start, 0, length - start) else { return nil }
        let path = UnsafeRawPointer(input + start).assumingMemoryBound(to: CChar.self)
        return Name(path: path, count: UnsafeRawPointer(end) - UnsafeRawPointer(path))
    }

    /// The bytes that begin `offset` after the header.
    func bytes(after offset: Int, count: Int) -> UnsafeRawBufferPointer? {
        let start = MemoryLayout<fuse_in_header>.size + offset
        guard count >= 0, start + count <= length else { return nil }
        return UnsafeRawBufferPointer(start: input + start, count: count)
    }

    /// Whether answering may wait for a disk, or move many bytes. A copy-up says so itself.
    var mayTakeLong: Bool {
        switch fuse_opcode(head.opcode) {
        case FUSE_FSYNC, FUSE_FSYNCDIR, FUSE_FALLOCATE, FUSE_COPY_FILE_RANGE, FUSE_IOCTL: return true
        case fuse_opcode(UInt32(CF_COPY_FILE_RANGE_64)): return true
        case FUSE_WRITE: return length > 512 << 10
        case FUSE_READ: return argument(fuse_read_in.self).map { $0.size > 512 << 10 } ?? false
        default: return false
        }
    }

    /// Where the reply's payload goes.
    var body: UnsafeMutableRawPointer { output + Self.header }

    func receive(from device: Int32) -> Int { Int(cl_read(device, input, Self.inputSize)) }

    /// Sends the header and `count` bytes of payload, one write. ENOENT is an interrupted request, and nobody's fault.
    func reply(to device: Int32, count: Int) {
        let head = fuse_out_header(len: UInt32(Self.header + count), error: 0, unique: head.unique)
        output.storeBytes(of: head, as: fuse_out_header.self)
        _ = cl_write(device, output, Self.header + count)
    }

    func reply(to device: Int32, error: Errno) {
        let head = fuse_out_header(len: UInt32(Self.header), error: 0 &- error.code, unique: head.unique)
        output.storeBytes(of: head, as: fuse_out_header.self)
        _ = cl_write(device, output, Self.header)
    }
}
