import Glibc
internal import Linux
internal import OCI

/// Who counts the processes of a container: root has no limit of his own (setrlimit(2), RLIMIT_NPROC), so for him it is a
/// control group.
enum ProcessLimit {
    /// What goes into a configuration's `process.rlimits`: no more than this process has, as nobody could set more.
    static func rlimits(_ limit: Int64) -> JSON {
        var own = rlimit()
        let most = getrlimit(.init(__RLIMIT_NPROC.rawValue), &own) == 0 ? Int64(clamping: own.rlim_max) : limit
        let value = JSON.integer(min(limit, most))
        return [["type": "RLIMIT_NPROC", "hard": value, "soft": value]]
    }

    /// What goes into a configuration's `linux.resources`; nil where no such control group can be had (cgroups(7)).
    static func resources(_ limit: Int64) -> JSON? {
        let first = lines("/proc/self/cgroup").contains { line in
            line.split(separator: ":").dropFirst().first?.split(separator: ",").contains("pids") ?? false
        }
        let second = lines("/sys/fs/cgroup/cgroup.subtree_control").contains {
            $0.split(separator: " ").contains("pids")
        }
        return first || second ? ["pids": ["limit": .integer(limit)]] : nil
    }

    private static func lines(_ path: String) -> [Substring] {
        let bytes = try? FD.workingDirectory.contents(
            of: path.utf8.map { CChar(bitPattern: $0) } + [0], atMost: 1 << 16)
        return String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n")
    }
}
