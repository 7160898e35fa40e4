import Glibc

/// The processes that have `text` in their command line, ourselves excepted.
func processes(naming text: String) -> [pid_t] {
    ((try? Place(path: "/proc").list()) ?? []).compactMap { name in
        guard let pid = pid_t(name), pid != getpid() else { return nil }
        guard let line = try? Place(path: "/proc/\(pid)").read("cmdline"), line.contains(text) else { return nil }
        return pid
    }
}

/// A process that has ended, or whose end nobody has waited for.
func hasEnded(_ pid: pid_t) -> Bool {
    guard let line = try? Place(path: "/proc/\(pid)").read("stat") else { return true }
    return line.split(separator: ")").last?.hasPrefix(" Z") ?? true
}

/// Waits until a condition holds; false when it does not within the time.
func eventually(seconds: Int = 10, _ condition: () -> Bool) -> Bool {
    for _ in 0..<(seconds * 100) {
        if condition() { return true }
        usleep(10_000)
    }
    return condition()
}

/// kill -9 and its effect.
func killHard(_ pid: pid_t) {
    kill(pid, SIGKILL)
    _ = eventually { hasEnded(pid) }
}

/// What a process has in memory, in KiB.
func residentKiB(_ pid: pid_t) -> Int {
    let text = (try? Place(path: "/proc/\(pid)").read("status")) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
}
