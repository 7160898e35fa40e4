import CDifferential
import Glibc

/// A directory that all threads fight over. What each call answers is a matter of luck; what is left at the end is
/// not, and that is checked:
/// - `token*` come from a lower and are only renamed without replacing, or exchanged: none is lost, none doubled;
/// - `c*` are created exclusively and unlinked, `d*` made and removed: one is there if it was made once more often;
/// - `log` comes from a lower, and every thread appends records: each is there, whole, once;
/// - every name that is listed is found, and a file has as many links as names.
struct Contest {
    static let directory = Bytes("shared")
    static let tokens = 8
    static let names = 3
    static let recordLength = 16

    /// What one thread counted.
    struct Tally {
        var made: [Bytes: Int] = [:]
        var records: [Bytes] = []
        var troubles: [String] = []
    }

    /// What a lower holds for it.
    static var entries: [Entry] {
        var entries = [Entry(path: directory, kind: .directory(opaque: false), mode: 0o777)]
        for token in 0..<tokens {
            let content = Content(size: 64, pieces: [(0, Payload(seed: UInt64(token + 1), length: 64))])
            entries.append(Entry(path: directory.appending(Bytes("token\(token)")), kind: .file(content)))
        }
        // More than a page or two, so that its copy-up takes a while.
        let log = Content(size: 160_000, pieces: [(0, Payload(seed: 99, length: 160_000))])
        entries.append(Entry(path: directory.appending(Bytes("log")), kind: .file(log), mode: 0o666))
        entries.append(Entry(path: directory.appending(Bytes("c0")), kind: .file(Content(size: 0, pieces: []))))
        entries.append(Entry(path: directory.appending(Bytes("d0")), kind: .directory(opaque: false)))
        return entries
    }

    let mount: Bytes
    let thread: Int
    var random: Random
    var tally = Tally()

    private func path(_ name: String) -> Bytes {
        mount.appending(Self.directory).appending(Bytes(name))
    }

    /// One blow.
    mutating func strike() {
        let (one, other) = (random.below(Self.tokens * 2), random.below(Self.tokens * 2))
        let name = random.below(Self.names)
        switch random.below(12) {
        case 0, 1: rename(path("token\(one)"), path("token\(other)"), UInt32(CD_RENAME_NOREPLACE))
        case 2: rename(path("token\(one)"), path("token\(other)"), UInt32(CD_RENAME_EXCHANGE))
        case 3: _ = path("token\(one)").withPath { chmod($0, 0o640) }
        case 4: create("c\(name)")
        case 5: count("c\(name)", -1, path("c\(name)").withPath { unlink($0) })
        case 6: count("d\(name)", 1, path("d\(name)").withPath { mkdir($0, 0o755) })
        case 7: count("d\(name)", -1, path("d\(name)").withPath { rmdir($0) })
        case 8, 9: append()
        case 10: look(path("token\(one)"))
        default: list()
        }
    }

    private mutating func count(_ name: String, _ change: Int, _ result: Int32) {
        let reason = errno
        if result == 0 {
            tally.made[Bytes(name), default: 0] += change
        } else if reason != EEXIST && reason != ENOENT {
            tally.troubles.append("\(change > 0 ? "making" : "removing") \(name): \(errnoName(reason))")
        }
    }

    private mutating func create(_ name: String) {
        let fd = path(name).withPath { cd_open($0, O_WRONLY | O_CREAT | O_EXCL, 0o644) }
        errno = fd < 0 ? -fd : 0
        count(name, 1, fd < 0 ? -1 : 0)
        if fd >= 0 { close(fd) }
    }

    private mutating func rename(_ from: Bytes, _ to: Bytes, _ flags: UInt32) {
        let result = from.withPath { from in to.withPath { cd_renameat2(from, $0, flags) } }
        if result < 0 && result != -ENOENT && result != -EEXIST {
            tally.troubles.append("renaming \(from.lastName.shown): \(errnoName(-result))")
        }
    }

    private mutating func append() {
        let fd = path("log").withPath { cd_open($0, O_WRONLY | O_APPEND, 0) }
        guard fd >= 0 else {
            tally.troubles.append("opening log: \(errnoName(-fd))")
            return
        }
        defer { close(fd) }
        var record = Bytes("\(thread):\(tally.records.count)")
        while record.count < Self.recordLength - 1 { record.append(UInt8(ascii: ".")) }
        record.append(UInt8(ascii: "\n"))
        let written = write(fd, record, record.count)
        if written == record.count {
            tally.records.append(record)
        } else {
            tally.troubles.append("appending to log: \(written)")
        }
    }

    private mutating func look(_ path: Bytes) {
        var stat = cd_stat()
        let result = path.withPath { cd_statx(-1, $0, 0, &stat) }
        if result == 0 && stat.size != 64 { tally.troubles.append("a token of \(stat.size) bytes") }
        if result < 0 && result != -ENOENT { tally.troubles.append("stat of a token: \(errnoName(-result))") }
    }

    private mutating func list() {
        let fd = mount.appending(Self.directory).withPath { cd_open($0, O_RDONLY | O_DIRECTORY, 0) }
        guard fd >= 0 else { return }
        defer { close(fd) }
        var seen: Set<Bytes> = []
        var twice: [Bytes] = []
        let result = forEachEntry(of: fd, bufferSize: 400) { entry in
            if !seen.insert(entry.bytes).inserted { twice.append(entry.bytes) }
        }
        if result < 0 { tally.troubles.append("listing: \(errnoName(-result))") }
        // A token that is renamed meanwhile may rightly come again; what stays may not.
        if twice.contains(Bytes("log")) { tally.troubles.append("log is listed twice in one go") }
        if !seen.contains(Bytes("log")) { tally.troubles.append("log is not listed") }
    }
}

extension Contest {
    /// What is wrong with the shared directory, now that nobody works in it.
    static func faults(_ tree: Snapshot, _ tallies: [Tally], mount: Bytes) -> [String] {
        var faults = tallies.flatMap(\.troubles)
        let nodes = tree.nodes.filter { $0.path.isWithin(directory) && $0.path != directory }
        faults += tokenFaults(nodes.filter { $0.path.lastName.starts(with: Bytes("token")) })
        for name in (0..<names).flatMap({ ["c\($0)", "d\($0)"] }) {
            let before = name.hasSuffix("0") ? 1 : 0
            let count = tallies.reduce(before) { $0 + ($1.made[Bytes(name)] ?? 0) }
            let there = tree[directory.appending(Bytes(name))] == nil ? 0 : 1
            if count != there { faults.append("\(name): made \(count) times more than removed, and there \(there)") }
        }
        faults += logFaults(tallies, mount)
        for node in nodes where node.isFile && node.stat.nlink != 1 {
            faults.append("\(node.path.shown) has \(node.stat.nlink) links and one name")
        }
        return faults
    }

    private static func tokenFaults(_ found: [Node]) -> [String] {
        var digests: [UInt64: Int] = [:]
        for node in found { digests[node.content, default: 0] += 1 }
        var faults: [String] = []
        for token in 0..<tokens {
            var digest = Digest()
            Payload(seed: UInt64(token + 1), length: 64).bytes.withUnsafeBytes { digest.add($0) }
            let count = digests[digest.value] ?? 0
            if count != 1 { faults.append("what was token\(token) is there \(count) times") }
        }
        if found.count != tokens { faults.append("\(found.count) tokens of \(tokens)") }
        return faults
    }

    private static func logFaults(_ tallies: [Tally], _ mount: Bytes) -> [String] {
        let path = mount.appending(directory).appending(Bytes("log"))
        let bytes = readWhole(String(decoding: path, as: UTF8.self))
        let written = tallies.flatMap(\.records)
        let before = Payload(seed: 99, length: 160_000).bytes
        if bytes.count != before.count + written.count * recordLength {
            return ["log: \(written.count) records appended to \(before.count) bytes, and \(bytes.count) bytes there"]
        }
        if !bytes.starts(with: before) { return ["log: the lower's bytes are not as they were"] }
        var found: Set<Bytes> = []
        for start in stride(from: before.count, to: bytes.count, by: recordLength) {
            found.insert(Bytes(bytes[start..<(start + recordLength)]))
        }
        return found == Set(written)
            ? [] : ["log: \(written.count) records appended, \(found.count) different ones there"]
    }
}
