import CLinux
import Glibc

/// A process that posix_spawn(3) started, to be waited for once.
public struct ChildProcess: ~Copyable, Sendable {
    public let id: Int32

    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signaled(Int32)

        /// What a shell calls it: the exit status, or 128 and the signal.
        public var status: Int32 {
            switch self {
            case .exited(let status): status
            case .signaled(let signal): 128 &+ signal
            }
        }
    }

    /// Starts a program, with no signal blocked or ignored.
    ///
    /// - Parameters:
    ///   - arguments: the program, looked up in PATH where it has no slash, and what it is given.
    ///   - environment: `NAME=VALUE`; this process's own otherwise.
    ///   - descriptors: what the program has as which number, besides 0, 1 and 2, which it inherits unless named.
    /// - Throws: ENOENT, EACCES and the like when it cannot be started.
    public init(
        _ arguments: [[UInt8]], environment: [[UInt8]]? = nil, descriptors: [(number: Int32, FD)] = []
    ) throws(Errno) {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0.cPath) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0.cPath) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors {
            posix_spawn_file_actions_adddup2(&actions, descriptor.raw, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        guard let program = words[0] else { throw Errno.noEntry }
        var process = pid_t()
        let error = variables.withUnsafeMutableBufferPointer { own in
            posix_spawnp(
                &process, program, &actions, &attributes, &words, environment == nil ? environ : own.baseAddress)
        }
        guard error == 0 else { throw Errno(error) }
        id = process
    }

    /// Waits for its end.
    public consuming func wait() -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return Self.ending(status)
    }

    /// Its end, if it has ended.
    public func poll() -> Ending? {
        var status: Int32 = 0
        return waitpid(id, &status, WNOHANG) == id ? Self.ending(status) : nil
    }

    private static func ending(_ status: Int32) -> Ending {
        status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signaled(status & 0x7f)
    }
}
