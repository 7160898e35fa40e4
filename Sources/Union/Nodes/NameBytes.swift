import Glibc
public import Linux

/// A name as bytes with its NUL, counted by those who keep it. Its count is guarded by the table lock.
struct NameBytes {
    private let base: UnsafeMutableRawPointer

    // Layout: references 4, length 4, bytes, NUL.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        base = .allocate(byteCount: 8 + bytes.count + 1, alignment: 8)
        base.storeBytes(of: 1, as: UInt32.self)
        base.storeBytes(of: UInt32(bytes.count), toByteOffset: 4, as: UInt32.self)
        if let source = bytes.baseAddress { memcpy(base + 8, source, bytes.count) }
        base.storeBytes(of: 0, toByteOffset: 8 + bytes.count, as: UInt8.self)
    }

    var count: Int { Int(base.load(fromByteOffset: 4, as: UInt32.self)) }
    var path: CPath { UnsafePointer((base + 8).assumingMemoryBound(to: CChar.self)) }
    var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: (base + 8).assumingMemoryBound(to: UInt8.self), count: count)
    }

    func retain() -> NameBytes {
        base.storeBytes(of: base.load(as: UInt32.self) &+ 1, as: UInt32.self)
        return self
    }

    func release() {
        let references = base.load(as: UInt32.self) &- 1
        if references == 0 { base.deallocate() } else { base.storeBytes(of: references, as: UInt32.self) }
    }

    func equals(_ other: Name) -> Bool {
        count == other.count && memcmp(base + 8, other.path, other.count) == 0
    }
}

/// A name that the caller holds: bytes that end in NUL, valid during the call.
public struct Name {
    /// The bytes, NUL after the last.
    public let path: CPath
    /// Without the NUL.
    public let count: Int

    public init(path: CPath, count: Int) {
        self.path = path
        self.count = count
    }

    /// Measures a NUL-terminated name.
    public init(_ path: CPath) { self.init(path: path, count: strlen(path)) }

    var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeRawPointer(path).withMemoryRebound(to: UInt8.self, capacity: count) {
            UnsafeBufferPointer(start: $0, count: count)
        }
    }

    /// FNV-1a over the bytes, mixed with the directory's address.
    func hash(in directory: UInt) -> UInt {
        var hash: UInt = 0xcbf2_9ce4_8422_2325 ^ directory
        for byte in bytes { hash = (hash ^ UInt(byte)) &* 0x100_0000_01b3 }
        return hash ^ (hash >> 29)
    }

    /// Whether it is read as a whiteout where `.wh.` names are (SEMANTICS 2.3).
    var isDotWhiteout: Bool { count >= 4 && memcmp(path, ".wh.", 4) == 0 }
}

/// Calls `body` with a NUL-terminated copy of `bytes`.
func withName<Result: ~Copyable>(
    _ bytes: [UInt8], _ body: (Name) throws(Errno) -> Result
) throws(Errno) -> Result {
    let copy = NameBytes(bytes.withUnsafeBufferPointer { $0 })
    defer { copy.release() }
    return try body(Name(path: copy.path, count: copy.count))
}
