internal import CLinux
import Glibc
internal import Linux

/// The namespaces that a command enters by itself, first thing in `main`, while its process has one thread: nobody
/// types `unshare` (DESIGN.md, "Rootless, in rungs").
public enum UserNamespace {
    /// The variable that tells whose namespace this is: inside, everybody is root.
    public static let owner = "_SHALE_UID"

    /// A mount namespace of its own, and for who is no administrator a user namespace in which he is root: with his subordinate
    /// ids where newuidmap(1) grants them, with all ids for the root of a container, otherwise with his one id. Where the
    /// machine allows neither, nothing.
    ///
    /// - Throws: ``ContainerError`` for a namespace that was entered but cannot be set up.
    public static func enter() throws(ContainerError) {
        let uid = geteuid()
        let isAdministrator = uid == 0 && cl_unshare(Int32(CL_CLONE_NEWNS)) >= 0
        if !isAdministrator {
            // Without it root's id cannot be mapped (user_namespaces(7)), and there is no way back.
            if uid == 0, cl_has_capability(setFileCapabilities) != 1 { return }
            // Inside it is unknown until it is mapped.
            let gid = getegid()
            let mapper = try IDMapper.start()
            guard cl_unshare(Int32(CL_CLONE_NEWUSER) | Int32(CL_CLONE_NEWNS)) >= 0 else { return mapper.cancel() }
            if !mapper.map() { try mapOne(uid, gid) }
            if uid != 0 { setenv(owner, "\(uid)", 1) }
        }
        // What is mounted inside stays inside; what the machine mounts later is seen.
        let flags = UInt(CL_MS_REC) | UInt(isAdministrator ? CL_MS_SLAVE : CL_MS_PRIVATE)
        try ContainerError.naming("keep mounts private") { () throws(Errno) in
            try check(cl_mount("none", "/", nil, flags, nil))
        }
    }

    static let setFileCapabilities: Int32 = 31

    private static func mapOne(_ uid: UInt32, _ gid: UInt32) throws(ContainerError) {
        for (file, text) in [("setgroups", "deny"), ("uid_map", "0 \(uid) 1"), ("gid_map", "0 \(gid) 1")] {
            try ContainerError.naming("map ids: /proc/self/\(file)") { () throws(Errno) in
                let opened = try FD.workingDirectory.open("/proc/self/\(file)", .writeOnly)
                let bytes = Array(text.utf8)
                try check(bytes.withUnsafeBytes { cl_write(opened.raw, $0.baseAddress, $0.count) })
            }
        }
    }

    /// Whether mounts can be made and commands run: in the machine's namespace as root, or in one of our own.
    public static var isRoot: Bool { geteuid() == 0 && cl_has_capability(21) == 1 }

    /// How many ids there are.
    public static var ids: UInt64 { IDMap.read("/proc/self/uid_map").reduce(0) { $0 &+ $1.count } }
}

/// The ids of a user namespace (user_namespaces(7), "uid_map").
struct IDMap {
    let inside: UInt64
    let outside: UInt64
    let count: UInt64

    static func read(_ path: String) -> [IDMap] {
        guard let bytes = try? FD.workingDirectory.contents(of: path, atMost: 1 << 16) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let numbers = line.split(separator: UInt8(ascii: " ")).compactMap {
                UInt64(String(decoding: $0, as: UTF8.self))
            }
            return numbers.count == 3 ? IDMap(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
        }
    }
}
