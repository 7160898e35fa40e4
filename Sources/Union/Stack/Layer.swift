import CLinux
import Linux

/// One directory of the stack.
struct Layer: @unchecked Sendable {
    /// For messages.
    let path: [UInt8]
    /// Open for as long as the union.
    let root: Int32
    let device: UInt64
    let mountID: UInt64
    /// Which of the file systems of the stack, for inode numbers.
    let fileSystem: Int
    /// The file system's UUID as it goes into file handles; zeros where it says none.
    let uuid: [UInt8]
    /// A private copy of the mount: nothing is mounted inside it.
    let ownMount: Bool
    /// Owners are read from an attribute (SEMANTICS 9.5).
    let recordsOwnership: Bool
    let record: LayerDirectory

    func rootDirectory() -> LayerDirectory {
        record.pointee.references += 1
        return record
    }
}

/// The names of our marks, with both ends of the mode: what we write, and every form that we read (SEMANTICS 4.5, 9.4).
struct MarkNames: Sendable {
    /// "trusted.overlay." or "user.overlay.".
    let prefix: [UInt8]
    let userMode: Bool

    init(userMode: Bool) {
        self.userMode = userMode
        prefix = Array((userMode ? "user.overlay." : "trusted.overlay.").utf8)
    }

    /// The attribute `mark` in the namespace that we write, with its NUL.
    func name(_ mark: Mark) -> [CChar] { (prefix + Array(mark.rawValue.utf8) + [0]).map { CChar(bitPattern: $0) } }
}

enum Mark: String { case opaque, redirect, origin, impure, nlink, metacopy, whiteout, upper }

/// What this process may do, found out once.
struct Privileges: Sendable {
    /// CAP_SYS_ADMIN in the initial user namespace: `trusted.` attributes, mounts of all kinds.
    let administrator: Bool
    /// Owners can be other ids than our own.
    let manyOwners: Bool
    let uid: UInt32
    let gid: UInt32

    static func current() -> Privileges {
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
