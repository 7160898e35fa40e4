import Glibc
import Linux
import Testing

/// Runs a program, which must succeed.
func run(_ arguments: String...) throws {
    let (status, _) = try output(arguments)
    try #require(status == 0, "\(arguments)")
}

/// What a program prints on both its outputs, and its exit status.
func output(_ arguments: [String], environment: [String: String] = [:]) throws -> (status: Int32, text: String) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Errno(errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = ["PATH", "HOME"].compactMap { name in
        environment[name] == nil ? getenv(name).map { strdup("\(name)=\(String(cString: $0))") } : nil
    }
    variables += environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in pointers + variables { free(pointer) } }
    var process = pid_t()
    let failed = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, &variables)
    close(ends[1])
    defer { close(ends[0]) }
    guard failed == 0 else { throw Errno(failed) }
    let bytes = try FD(ends[0]).remainder(atMost: 1 << 30)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    return (status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f, String(decoding: bytes, as: UTF8.self))
}
