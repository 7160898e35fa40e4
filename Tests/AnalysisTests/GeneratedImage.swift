import Glibc
import Linux
import OCI

/// A layer to be made, entry by entry, as any tool might write it.
struct TarText {
    private(set) var bytes: [UInt8] = []

    struct Entry {
        var name: [UInt8]
        var type: UInt8 = UInt8(ascii: "0")
        var data: [UInt8] = []
        var target: [UInt8] = []
        var mode: UInt32 = 0o644
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var major: UInt32 = 0
        var minor: UInt32 = 0
    }

    mutating func add(_ entry: Entry) {
        if entry.name.count > 100 { addLongName(entry.name, "L") }
        if entry.target.count > 100 { addLongName(entry.target, "K") }
        append(entry)
    }

    /// GNU tar's header for names of more than 100 bytes.
    private mutating func addLongName(_ name: [UInt8], _ type: Character) {
        append(Entry(name: Array("././@LongLink".utf8), type: type.asciiValue ?? 0, data: name + [0]))
    }

    private mutating func append(_ entry: Entry) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: [UInt8], _ place: Int, _ width: Int) {
            for (index, byte) in text.prefix(width).enumerated() { header[place + index] = byte }
        }
        func octal(_ value: UInt64, _ place: Int, _ width: Int) {
            let digits = String(value, radix: 8)
            put(Array((String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits).utf8), place, width)
        }
        put(entry.name, 0, 100)
        octal(UInt64(entry.mode), 100, 8)
        octal(UInt64(entry.uid), 108, 8)
        octal(UInt64(entry.gid), 116, 8)
        octal(UInt64(entry.data.count), 124, 12)
        octal(1_700_000_000, 136, 12)
        put(Array("        ".utf8), 148, 8)
        header[156] = entry.type
        put(entry.target, 157, 100)
        put(Array("ustar  \0".utf8), 257, 8)
        octal(UInt64(entry.major), 329, 8)
        octal(UInt64(entry.minor), 337, 8)
        let sum = header.reduce(0) { $0 + UInt64($1) }
        octal(sum, 148, 7)
        header[155] = 0x20
        bytes += header + entry.data + [UInt8](repeating: 0, count: (512 - entry.data.count % 512) % 512)
    }

    /// The end of the archive.
    mutating func finish() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// An image as `docker save` writes it, of layers that were made by hand.
struct GeneratedImage {
    var layers: [[UInt8]] = []
    var history: [(createdBy: String, isEmpty: Bool)] = []

    /// The archive, in the older form without an index.
    func archive() throws -> [UInt8] {
        let diffIDs = try layers.map { try Digest(of: $0) }
        let config = ImageConfig(
            diffIDs: diffIDs,
            history: history.map { ImageConfig.History(createdBy: $0.createdBy, emptyLayer: $0.isEmpty) })
        let bytes = config.bytes
        let id = try Digest(of: bytes)
        var tar = TarText()
        for (index, layer) in layers.enumerated() {
            tar.add(TarText.Entry(name: Array("\(index)/layer.tar".utf8), data: layer))
        }
        tar.add(TarText.Entry(name: Array("\(id.hex).json".utf8), data: bytes))
        let names = layers.indices.map { "\"\($0)/layer.tar\"" }.joined(separator: ",")
        let manifest = "[{\"Config\":\"\(id.hex).json\",\"RepoTags\":[\"generated:1\"],\"Layers\":[\(names)]}]"
        tar.add(TarText.Entry(name: Array("manifest.json".utf8), data: Array(manifest.utf8)))
        return tar.finish()
    }
}

/// A directory that goes with the test.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/shale-analysis-test-XXXXXX".utf8).cPath
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FD.workingDirectory.removeTree(Array(path.utf8).cPath) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let place = "\(path)/\(name)"
        let file = try FD.workingDirectory.open(
            Array(place.utf8).cPath, [.writeOnly, .create, .truncate], mode: 0o644)
        try bytes.withUnsafeBytes { try file.fd.writeAll($0, at: 0) }
        return place
    }
}
