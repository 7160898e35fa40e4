/// What the Go linker writes into programs about their modules (Go's `debug/buildinfo`): the section `.go.buildinfo`.
enum GoBuildInfo {
    enum Outcome: Equatable {
        case packages([SoftwarePackage])
        /// Go before 1.18 wrote addresses of strings instead of strings.
        case tooOld
        case none
    }

    static let section = ".go.buildinfo"
    static let limit: UInt64 = 16 << 20
    private static let magic: [UInt8] = [0xff] + Array(" Go buildinf:".utf8)

    static func read(_ bytes: [UInt8]) -> Outcome {
        guard bytes.count >= 32, bytes.starts(with: magic) else { return .none }
        // Byte 15 has flags: bit 1 says that the strings follow at 32, each behind its length.
        guard bytes[15] & 2 != 0 else { return .tooOld }
        var position = 32
        guard let version = string(bytes, &position), let modules = string(bytes, &position) else { return .none }
        var packages: [SoftwarePackage] = []
        let release = String(decoding: version.prefix(64).prefix { $0 != 0x20 }, as: UTF8.self)
        if release.hasPrefix("go") { packages.append(SoftwarePackage(.golang, "stdlib", String(release.dropFirst(2)))) }
        // 16 bytes at either end mark the text for who looks for it in memory.
        guard modules.count >= 33 else { return .packages(packages) }
        for line in modules.dropFirst(16).dropLast(16).split(separator: 0x0a) {
            let fields = line.split(separator: 0x09, omittingEmptySubsequences: false)
            guard fields.count >= 3 else { continue }
            let path = RecordedFields.text(fields[1])
            var moduleVersion = RecordedFields.text(fields[2])
            if moduleVersion == "(devel)" { moduleVersion = "" }
            switch String(decoding: fields[0], as: UTF8.self) {
            case "mod", "dep":
                guard !path.isEmpty else { continue }
                packages.append(SoftwarePackage(.golang, path, moduleVersion))
            case "=>":
                // What stands in for the module before it; a directory has no version, and stays what it replaces.
                guard packages.count > 1, !moduleVersion.isEmpty, !path.isEmpty else { continue }
                packages[packages.count - 1] = SoftwarePackage(.golang, path, moduleVersion)
            default: continue
            }
        }
        return .packages(packages)
    }

    /// A length as a varint of seven bits a byte, and that many bytes.
    private static func string(_ bytes: [UInt8], _ position: inout Int) -> ArraySlice<UInt8>? {
        var length = 0
        var shift = 0
        while true {
            guard position < bytes.count, shift <= 28 else { return nil }
            let byte = bytes[position]
            position += 1
            length |= Int(byte & 0x7f) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard length <= bytes.count - position else { return nil }
        defer { position += length }
        return bytes[position..<(position + length)]
    }
}
