internal import Linux

/// The bytes of an entry's headers: ustar (POSIX.1-1988), and before it a PAX header (POSIX.1-2001, pax(1), "pax Header
/// Block") for what ustar cannot hold. Nothing in them depends on the machine.
struct TarHeader {
    private var block = [UInt8](repeating: 0, count: 512)

    /// - Throws: ``LayerError`` for an attribute that no tar can hold.
    static func bytes(of entry: TarEntry) throws(LayerError) -> [UInt8] {
        var records = PaxRecords()
        var header = TarHeader()
        var name = entry.name
        if entry.kind == .directory { name.append(UInt8(ascii: "/")) }
        header.put(name: name, &records)
        header.put(octal: Int64(entry.mode & 0o7777), at: 100, width: 8)
        header.put(number: Int64(entry.uid), at: 108, width: 8, "uid", &records)
        header.put(number: Int64(entry.gid), at: 116, width: 8, "gid", &records)
        var size: Int64 = 0
        if case .file(let bytes) = entry.kind { size = bytes }
        header.put(number: size, at: 124, width: 12, "size", &records)
        header.put(number: entry.modified.seconds, at: 136, width: 12, "mtime", &records)
        header.put(kind: entry.kind, &records)
        for attribute in entry.attributes {
            guard !attribute.name.contains(UInt8(ascii: "=")) else {
                throw LayerError(
                    .refused, "archive", entry.name,
                    "the attribute \(printable(String(decoding: attribute.name, as: UTF8.self))) has = in its name")
            }
            records.add(Array("SCHILY.xattr.".utf8) + attribute.name, attribute.value)
        }
        header.sign()
        guard !records.isEmpty else { return header.block }
        return records.headerBlocks(for: name) + header.block
    }

    /// Two blocks of zeros end an archive.
    static let end = [UInt8](repeating: 0, count: 1024)

    /// What fills the last block of a file of `size` bytes.
    static func padding(_ size: Int64) -> Int64 { (512 - size & 511) & 511 }

    fileprivate init() {
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(octal: 0, at: 329, width: 8)
        put(octal: 0, at: 337, width: 8)
    }

    /// The header of a PAX header's own records.
    fileprivate static func pax(name: [UInt8], size: Int) -> [UInt8] {
        var header = TarHeader()
        header.put(Array(("PaxHeaders.0/".utf8 + name.prefix { $0 != 0 }).prefix(100)), at: 0)
        header.put(octal: 0o644, at: 100, width: 8)
        header.put(octal: 0, at: 108, width: 8)
        header.put(octal: 0, at: 116, width: 8)
        header.put(octal: Int64(size), at: 124, width: 12)
        header.put(octal: 0, at: 136, width: 12)
        header.block[156] = UInt8(ascii: "x")
        header.sign()
        return header.block
    }

    private mutating func put(_ bytes: [UInt8], at offset: Int) {
        block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    /// Digits and a NUL; the value fits.
    private mutating func put(octal value: Int64, at offset: Int, width: Int) {
        let digits = Array(String(value, radix: 8).utf8)
        put([UInt8](repeating: UInt8(ascii: "0"), count: width - 1 - digits.count) + digits, at: offset)
    }

    private mutating func put(
        number value: Int64, at offset: Int, width: Int, _ key: String, _ records: inout PaxRecords
    ) {
        let fits = value >= 0 && value < Int64(1) << Int64(3 * (width - 1))
        put(octal: fits ? value : 0, at: offset, width: width)
        if !fits { records.add(Array(key.utf8), Array(String(value).utf8)) }
    }

    /// In the name's field where it fits, split at a slash where that fits, otherwise in a PAX record. The fields take any
    /// bytes, and every reader gives them back unchanged.
    private mutating func put(name: [UInt8], _ records: inout PaxRecords) {
        if name.count <= 100 { return put(name, at: 0) }
        let earliest = max(1, name.count - 101)
        if earliest <= 155, let slash = name[earliest..<min(156, name.count - 1)].firstIndex(of: UInt8(ascii: "/")) {
            put(Array(name[..<slash]), at: 345)
            put(Array(name[(slash + 1)...]), at: 0)
            return
        }
        put(Array(name.prefix(100)), at: 0)
        records.add(text: "path", name)
    }

    private mutating func put(kind: TarEntry.Kind, _ records: inout PaxRecords) {
        switch kind {
        case .file: block[156] = UInt8(ascii: "0")
        case .hardLink(let target):
            block[156] = UInt8(ascii: "1")
            put(link: target, &records)
        case .symlink(let target):
            block[156] = UInt8(ascii: "2")
            put(link: target, &records)
        case .characterDevice(let device):
            block[156] = UInt8(ascii: "3")
            put(device)
        case .blockDevice(let device):
            block[156] = UInt8(ascii: "4")
            put(device)
        case .directory: block[156] = UInt8(ascii: "5")
        case .fifo: block[156] = UInt8(ascii: "6")
        }
    }

    private mutating func put(link target: [UInt8], _ records: inout PaxRecords) {
        put(Array(target.prefix(100)), at: 157)
        if target.count > 100 { records.add(text: "linkpath", target) }
    }

    /// Linux has 12 bits for the one and 20 for the other: both fit into seven digits.
    private mutating func put(_ device: DeviceNumber) {
        put(octal: Int64(device.major & 0x1f_ffff), at: 329, width: 8)
        put(octal: Int64(device.minor & 0x1f_ffff), at: 337, width: 8)
    }

    /// The checksum, counted with spaces in its own place.
    private mutating func sign() {
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        let sum = block.reduce(0) { $0 + Int64($1) }
        put(octal: sum, at: 148, width: 7)
        block[154] = 0
    }
}

/// The records of one PAX header.
struct PaxRecords {
    private var texts: [(key: [UInt8], value: [UInt8])] = []
    private var binary = false

    var isEmpty: Bool { texts.isEmpty }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) { texts.append((key, value)) }

    /// A name: PAX wants UTF-8, unless told otherwise.
    mutating func add(text key: String, _ value: [UInt8]) {
        if String(validating: value, as: UTF8.self) == nil { binary = true }
        add(Array(key.utf8), value)
    }

    /// The header, the records in the order of their keys, and padding.
    func headerBlocks(for name: [UInt8]) -> [UInt8] {
        var body: [UInt8] = binary ? Self.record(Array("hdrcharset".utf8), Array("BINARY".utf8)) : []
        for (key, value) in texts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            body += Self.record(key, value)
        }
        let padding = [UInt8](repeating: 0, count: Int(TarHeader.padding(Int64(body.count))))
        return TarHeader.pax(name: name, size: body.count) + body + padding
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
    private static func record(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
        let rest = key.count + value.count + 3
        var length = rest + String(rest).utf8.count
        if String(length).utf8.count > String(rest).utf8.count { length += 1 }
        return Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
    }
}
