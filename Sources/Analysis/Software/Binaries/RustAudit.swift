internal import CCompression
internal import OCI

/// What `cargo auditable` writes into programs: the section `.dep-v0`, a zlib stream of JSON
/// (https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md).
enum RustAudit {
    static let section = ".dep-v0"
    static let limit: UInt64 = 4 << 20
    private static let mostJSON = 8 << 20

    /// - Returns: nil for what is no such stream.
    static func packages(_ bytes: [UInt8]) -> [SoftwarePackage]? {
        guard let text = inflated(bytes), case .object(let root)? = try? JSON(parsing: text),
            case .array(let entries)? = root["packages"]
        else { return nil }
        return entries.compactMap { entry in
            guard case .object(let package) = entry, case .string(let name)? = package["name"],
                case .string(let version)? = package["version"], package["kind"] != .string("build"),
                !name.isEmpty, name.utf8.count <= 256, version.utf8.count <= 256
            else { return nil }
            return SoftwarePackage(
                .cargo, RecordedFields.text(Array(name.utf8)[...]), RecordedFields.text(Array(version.utf8)[...]))
        }
    }

    private static func inflated(_ bytes: [UInt8]) -> [UInt8]? {
        var room = 256 << 10
        while true {
            var text = [UInt8](repeating: 0, count: room)
            let result = bytes.withUnsafeBytes { from in
                text.withUnsafeMutableBytes { to in
                    cz_inflate_zlib(from.baseAddress, from.count, to.baseAddress, to.count)
                }
            }
            if result >= 0 {
                text.removeLast(max(0, room - Int(result)))
                return text
            }
            // -EMSGSIZE: more room, as far as anybody's list of crates goes.
            guard result == -90, room < mostJSON else { return nil }
            room *= 4
        }
    }
}
