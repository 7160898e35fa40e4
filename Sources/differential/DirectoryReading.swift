import CDifferential
import Glibc

/// One name that a directory lists.
struct Listed {
    var bytes: Bytes
    var ino: UInt64
    var type: UInt8
    var offset: Int64
}

/// Memory that observations read into: one for the process, which observes with one thread.
final class Scratch {
    static let size = 1 << 17
    let base: UnsafeMutableRawPointer

    init() {
        base = UnsafeMutableRawPointer.allocate(byteCount: Self.size, alignment: 4096)
    }

    deinit {
        base.deallocate()
    }
}

/// Calls `body` with each entry but `.` and `..`; answers 0 or -errno. `bufferSize` may be as small as one entry.
@discardableResult
func forEachEntry(of fd: Int32, bufferSize: Int = 16384, _ body: (Listed) -> Void) -> Int32 {
    withUnsafeTemporaryAllocation(byteCount: bufferSize, alignment: 16) { buffer in
        guard let base = buffer.baseAddress else { return -EIO }
        var entry = cd_dirent()
        while true {
            let count = cd_getdents(fd, base, UInt64(buffer.count))
            if count <= 0 { return Int32(count) }
            var at: Int64 = 0
            while at < count {
                at = cd_dirent_at(base, at, &entry)
                if at < 0 { return Int32(at) }
                let name = withUnsafeBytes(of: &entry.name) { Bytes($0[..<Int(entry.length)]) }
                if name == [0x2e] || name == [0x2e, 0x2e] { continue }
                body(Listed(bytes: name, ino: entry.ino, type: entry.type, offset: entry.offset))
            }
        }
    }
}
