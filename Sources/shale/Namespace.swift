import CLinux
import Glibc
import Linux

/// The user and mount namespace that a command enters by itself, before any thread exists.
enum Namespace {
    /// The argument with which this program tries whether it may have one, and ends.
    static let probe = "__namespace-probe"

    /// A mount namespace, and for an ordinary user a user namespace in which he is himself.
    static func enter() -> Errno? {
        let uid = geteuid()
        let gid = getegid()
        let flags = uid == 0 ? Int32(CL_CLONE_NEWNS) : Int32(CL_CLONE_NEWNS) | Int32(CL_CLONE_NEWUSER)
        let result = cl_unshare(flags)
        if result < 0 { return Errno(0 &- result) }
        if uid != 0 {
            for (file, text) in [("setgroups", "deny"), ("uid_map", "\(uid) \(uid) 1"), ("gid_map", "\(gid) \(gid) 1")]
            {
                if let error = write(text, to: "/proc/self/\(file)") { return error }
            }
            // The mount helper is started with another exec(3).
            let kept = cl_keep_capabilities(1)
            if kept < 0 { return Errno(0 &- kept) }
        }
        let quiet = cl_mount("none", "/", nil, UInt(CL_MS_REC) | UInt(CL_MS_PRIVATE), nil)
        return quiet < 0 ? Errno(0 &- quiet) : nil
    }

    private static func write(_ text: String, to path: String) -> Errno? {
        do throws(Errno) {
            let file = try FD.workingDirectory.open(path, .writeOnly)
            let bytes = Array(text.utf8)
            try check(bytes.withUnsafeBytes { cl_write(file.raw, $0.baseAddress, $0.count) })
            return nil
        } catch {
            return error
        }
    }
}
