import CLinux

/// What this process may do, found out once.
public struct Privileges: Sendable {
    /// CAP_SYS_ADMIN in the initial user namespace: `trusted.` attributes, mounts of all kinds.
    public let administrator: Bool
    /// Owners can be other ids than our own.
    public let manyOwners: Bool
    public let uid: UInt32
    public let gid: UInt32

    public static func current() -> Privileges {
        let maps = (uid: idMap("/proc/self/uid_map"), gid: idMap("/proc/self/gid_map"))
        let initial = maps.uid.count == 1 && maps.uid.first == [0, 0, 4_294_967_295]
        let ids = maps.uid.reduce(0) { $0 + ($1.count == 3 ? $1[2] : 0) }
        return Privileges(
            administrator: initial && cl_has_capability(21) == 1,
            manyOwners: ids > 1 && cl_has_capability(0) == 1 && cl_has_capability(6) == 1 && cl_has_capability(7) == 1,
            uid: cl_setfsuid(UInt32.max), gid: cl_setfsgid(UInt32.max))
    }

    private static func idMap(_ path: String) -> [[UInt64]] {
        guard let file = try? FD.workingDirectory.open(path, .readOnly) else { return [] }
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = bytes.withUnsafeMutableBytes { cl_read(file.raw, $0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        return bytes.prefix(Int(count)).split(separator: 10).map { line in
            line.split(separator: 32).compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        }
    }
}
