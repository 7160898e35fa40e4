import Glibc

/// Names and paths are bytes, never text: see SEMANTICS 2.1.
typealias Bytes = [UInt8]

extension Array where Element == UInt8 {
    init(_ text: String) {
        self = Array(text.utf8)
    }

    /// Calls `body` with the bytes as a C string.
    func withPath<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
            for index in indices { buffer[index] = CChar(bitPattern: self[index]) }
            buffer[count] = 0
            guard let base = UnsafePointer(buffer.baseAddress) else { return body("") }
            return body(base)
        }
    }

    /// The path of `name` below this one; the empty path is the root of a tree.
    func appending(_ name: Bytes) -> Bytes {
        if isEmpty { return name }
        if name.isEmpty { return self }
        return self + [UInt8(ascii: "/")] + name
    }

    var parentPath: Bytes {
        guard let slash = lastIndex(of: UInt8(ascii: "/")) else { return [] }
        return Array(self[..<slash])
    }

    var lastName: Bytes {
        guard let slash = lastIndex(of: UInt8(ascii: "/")) else { return self }
        return Array(self[(slash + 1)...])
    }

    var depth: Int {
        isEmpty ? 0 : 1 + reduce(0) { $0 + ($1 == UInt8(ascii: "/") ? 1 : 0) }
    }

    /// Whether this path is `other` or lies below it.
    func isWithin(_ other: Bytes) -> Bool {
        if other.isEmpty { return true }
        return starts(with: other) && (count == other.count || self[other.count] == UInt8(ascii: "/"))
    }

    /// For people: quoted when it is not plain, runs of one byte cut short.
    var shown: String {
        if isEmpty { return "''" }
        let plain = allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\") }
        if plain && count < 60 { return String(decoding: self, as: UTF8.self) }
        var text = "'"
        var index = 0
        while index < count {
            let byte = self[index]
            var run = index
            while run < count && self[run] == byte { run += 1 }
            if run - index > 12 {
                text += Self.escaped(byte) + "{\(run - index)}"
                index = run
                continue
            }
            text += Self.escaped(byte)
            index += 1
            if index > 96 && count > 110 { return text + "'…(\(count) bytes)" }
        }
        return text + "'"
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\n"): return "\\n"
        case UInt8(ascii: "\\"): return "\\\\"
        case UInt8(ascii: "'"): return "\\'"
        case 0x20..<0x7f: return String(UnicodeScalar(byte))
        default:
            let digits = Array<Character>("0123456789abcdef")
            return "\\x" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }
    }
}

/// Orders paths so that a directory comes right before what is in it, siblings by their bytes.
func precedes(_ left: Bytes, _ right: Bytes) -> Bool {
    var index = 0
    while index < left.count && index < right.count {
        let (a, b) = (left[index], right[index])
        if a != b {
            if a == UInt8(ascii: "/") { return true }
            if b == UInt8(ascii: "/") { return false }
            return a < b
        }
        index += 1
    }
    return left.count < right.count
}

/// A running 64-bit digest: not against enemies, only against accidents.
struct Digest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var tail: UInt64 = UInt64(truncatingIfNeeded: bytes.count &- index) &<< 56
        while index < bytes.count {
            tail = (tail &<< 8) ^ UInt64(bytes[index])
            index += 1
        }
        mix(tail)
    }

    mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9e37_79b9_7f4a_7c15
        value ^= value &>> 29
    }
}

func octal(_ value: UInt32) -> String {
    "0" + String(value, radix: 8)
}

func hexadecimal(_ bytes: Bytes) -> String {
    var text = ""
    for byte in bytes.prefix(48) { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return bytes.count > 48 ? text + "…(\(bytes.count) bytes)" : text
}

/// The name of an errno, for reports.
func errnoName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", EIO: "EIO", ENXIO: "ENXIO", EBADF: "EBADF", EAGAIN: "EAGAIN",
        EACCES: "EACCES", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR",
        EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE", ENOTTY: "ENOTTY", EFBIG: "EFBIG",
        ENOSPC: "ENOSPC", ESPIPE: "ESPIPE", EROFS: "EROFS", EMLINK: "EMLINK", ERANGE: "ERANGE", ENOSYS: "ENOSYS",
        ENAMETOOLONG: "ENAMETOOLONG", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP", ENODATA: "ENODATA",
        EOPNOTSUPP: "EOPNOTSUPP", ESTALE: "ESTALE", EOVERFLOW: "EOVERFLOW", ETXTBSY: "ETXTBSY",
        ENOTCONN: "ENOTCONN", ECONNABORTED: "ECONNABORTED", E2BIG: "E2BIG", EDQUOT: "EDQUOT",
    ]
    return names[number] ?? "errno \(number)"
}
