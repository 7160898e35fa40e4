internal import CLinux
internal import Linux

/// The sections of an ELF file (elf(5)), of which some are read. Nothing in the file is believed: every offset and size is held
/// against the file's.
struct ELFSections {
    private struct Section {
        let name: UInt32
        let offset: UInt64
        let size: UInt64
    }

    private let file: FD
    private let size: UInt64
    private let sections: [Section]
    private let names: [UInt8]

    /// A program of a million functions has some dozen sections; compilers make at most thousands.
    private static let mostSections = 4096
    private static let mostNames: UInt64 = 1 << 20

    /// - Returns: nil for what is no ELF file of 32 or 64 bits, or has no sections.
    init?(_ file: FD) {
        guard let status = try? file.status(), let head = Self.read(file, 0, 64, size: status.size), head.count >= 52,
            head.starts(with: [0x7f, 0x45, 0x4c, 0x46])
        else { return nil }
        let is64 = head[4] == 2
        let isBig = head[5] == 2
        guard head[4] == 1 || is64, head[5] == 1 || isBig, !is64 || head.count == 64 else { return nil }
        func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
            guard offset + width <= bytes.count else { return 0 }
            return bytes[offset..<(offset + width)].enumerated().reduce(0) { sum, byte in
                sum | UInt64(byte.element) << UInt64(8 * (isBig ? width - 1 - byte.offset : byte.offset))
            }
        }
        let table = is64 ? number(head, 40, 8) : number(head, 32, 4)
        let entrySize = Int(number(head, is64 ? 58 : 46, 2))
        let count = Int(number(head, is64 ? 60 : 48, 2))
        let namesIndex = Int(number(head, is64 ? 62 : 50, 2))
        guard entrySize >= (is64 ? 64 : 40), entrySize <= 256, (1...Self.mostSections).contains(count),
            namesIndex < count, let bytes = Self.read(file, table, UInt64(entrySize * count), size: status.size)
        else { return nil }
        self.file = file
        size = status.size
        sections = (0..<count).map { index in
            let start = index * entrySize
            return Section(
                name: UInt32(truncatingIfNeeded: number(bytes, start, 4)),
                offset: number(bytes, start + (is64 ? 24 : 16), is64 ? 8 : 4),
                size: number(bytes, start + (is64 ? 32 : 20), is64 ? 8 : 4))
        }
        let strings = sections[namesIndex]
        guard strings.size <= Self.mostNames,
            let names = Self.read(file, strings.offset, strings.size, size: status.size)
        else { return nil }
        self.names = names
    }

    /// The bytes of a section, or as many of them from its beginning as `limit` says.
    ///
    /// - Returns: nil where there is none of that name, or it lies outside the file.
    func content(of name: String, atMost limit: UInt64) -> [UInt8]? {
        guard let section = sections.first(where: { self.name($0) == name }) else { return nil }
        return Self.read(file, section.offset, min(section.size, limit), size: size)
    }

    private func name(_ section: Section) -> String {
        guard let start = Int(exactly: section.name), start < names.count else { return "" }
        return String(decoding: names[start...].prefix { $0 != 0 }.prefix(64), as: UTF8.self)
    }

    private static func read(_ file: FD, _ offset: UInt64, _ count: UInt64, size: UInt64) -> [UInt8]? {
        let (end, overflows) = offset.addingReportingOverflow(count)
        guard !overflows, end <= size, count <= 64 << 20, let start = Int64(exactly: offset) else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        var done = 0
        while done < bytes.count {
            let result = bytes.withUnsafeMutableBytes { buffer in
                cl_pread(file.raw, buffer.baseAddress.map { $0 + done }, buffer.count - done, start + Int64(done))
            }
            if result == -4 { continue }
            guard result > 0 else { return nil }
            done += Int(result)
        }
        return bytes
    }
}
