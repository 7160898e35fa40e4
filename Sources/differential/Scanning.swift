import CDifferential
import Glibc

/// A listing that takes its time while the directory changes (SEMANTICS 3.2): every name that is there all along
/// must come once, whatever comes and goes meanwhile, and whether the reader goes on or seeks back.
final class DirectoryScan {
    private let fd: Int32
    /// Names that every look has found, with their inode numbers.
    private var lasting: [Bytes: UInt64]
    private var seen: [Bytes: Int] = [:]
    private var batches = 0
    private var failure: Int64 = 0

    init?(_ fd: Int32) {
        guard fd >= 0 else { return nil }
        self.fd = fd
        lasting = Self.look(fd)
    }

    deinit {
        close(fd)
    }

    private static func look(_ fd: Int32) -> [Bytes: UInt64] {
        let again = cd_open("/proc/self/fd/\(fd)", O_RDONLY | O_DIRECTORY, 0)
        guard again >= 0 else { return [:] }
        defer { close(again) }
        var found: [Bytes: UInt64] = [:]
        forEachEntry(of: again) { entry in
            var stat = cd_stat()
            if entry.bytes.withPath({ cd_statx(again, $0, 0, &stat) }) != -ENOENT { found[entry.bytes] = entry.ino }
        }
        return found
    }

    /// To be called after every change.
    func watch() {
        let now = Self.look(fd)
        lasting = lasting.filter { now[$0.key] == $0.value }
    }

    /// Reads a few names with a small buffer; every other time takes one of them only, and seeks back behind it.
    func advance() {
        batches += 1
        _ = readBatch(onlyOne: batches % 2 == 1)
    }

    private func readBatch(onlyOne: Bool) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 300, alignment: 16) { buffer in
            guard let base = buffer.baseAddress else { return false }
            let count = cd_getdents(fd, base, 300)
            if count < 0 { failure = count }
            var entry = cd_dirent()
            var at: Int64 = 0
            while at < count {
                at = cd_dirent_at(base, at, &entry)
                if at < 0 { return false }
                let name = withUnsafeBytes(of: &entry.name) { Bytes($0[..<Int(entry.length)]) }
                seen[name, default: 0] += 1
                if onlyOne && at < count {
                    _ = cd_seek(fd, entry.offset, SEEK_SET)
                    return true
                }
            }
            return count > 0
        }
    }

    /// Reads what is left, and says what is wrong.
    func finish() -> Outcome {
        var rounds = 0
        while readBatch(onlyOne: rounds % 3 == 0) && rounds < 10_000 { rounds += 1 }
        watch()
        if failure < 0 { return Outcome(code: failure) }
        let wrong = lasting.keys.sorted(by: precedes).filter { seen[$0] != 1 }
        let text = wrong.map { "\($0.shown) \(seen[$0] ?? 0) times" }.joined(separator: ", ")
        return Outcome(code: 0, detail: Bytes(text.isEmpty ? "each lasting name once" : text))
    }
}

/// A shared mapping that stays while the file changes.
final class Mapping {
    private let base: UnsafeMutableRawPointer
    private let length: UInt64

    init?(_ fd: Int32, _ length: UInt64) {
        guard length > 0, let base = cd_map(fd, length) else { return nil }
        self.base = base
        self.length = length
    }

    deinit {
        cd_unmap(base, length)
    }

    /// How much of a file of that size the mapping shows.
    func reach(_ size: UInt64) -> UInt64 {
        min(size, length)
    }

    /// Copies what the mapping shows of the first `limit` bytes; the count, or -errno.
    func copy(to buffer: UnsafeMutableRawPointer, _ limit: UInt64) -> Int64 {
        cd_copy_mapped(base, buffer, min(limit, length))
    }
}
