import CLinux
import Glibc

/// What a program did.
struct Outcome {
    let status: Int32
    let output: String
    let errors: String
}

/// How programs start: with no signal blocked. The test runner blocks SIGCHLD, and a shell then waits for ever.
private func withAttributes<Result>(_ body: (UnsafePointer<posix_spawnattr_t>) -> Result) -> Result {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    return body(&attributes)
}

/// Runs a program of PATH to its end, or for two minutes: status 124 then.
func run(_ arguments: [String]) -> Outcome {
    var template = Array("/var/tmp/shale-run-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return Outcome(status: 127, output: "", errors: "mkdtemp") }
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { for name in ["/out", "/err", ""] { remove(directory + name) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, directory + "/out", O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, directory + "/err", O_WRONLY | O_CREAT, 0o600)
    let words = ["timeout", "-k", "1", "120"] + arguments
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    guard withAttributes({ posix_spawnp(&process, words[0], &actions, $0, pointers, environ) }) == 0 else {
        return Outcome(status: 127, output: "", errors: "\(words[0]): cannot be started")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    let scratch = Place(path: directory)
    return Outcome(
        status: code, output: (try? scratch.read("out")) ?? "", errors: (try? scratch.read("err")) ?? "")
}

/// Runs a line of shell.
func shell(_ line: String) -> Outcome { run(["sh", "-c", line]) }

/// A program that runs beside the test; killed at the end of its life.
final class Running {
    let pid: pid_t
    private var ended: Int32?

    /// The program's output goes to `output`.
    init(_ arguments: [String], output: String = "/dev/null") {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { word in strdup(word) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let status = withAttributes { posix_spawnp(&process, arguments[0], &actions, $0, pointers, environ) }
        pid = status == 0 ? process : -1
    }

    deinit { if ended == nil, pid > 0 { _ = kill(pid, SIGKILL); waitpid(pid, nil, 0) } }

    var hasEnded: Bool {
        var status: Int32 = 0
        if ended == nil, waitpid(pid, &status, WNOHANG) == pid { ended = status }
        return ended != nil
    }

    /// Waits for the end: the exit status, or 128 and the signal.
    func wait() -> Int32 {
        var status: Int32 = ended ?? 0
        if ended == nil { while waitpid(pid, &status, 0) < 0, errno == EINTR {} }
        ended = status
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
