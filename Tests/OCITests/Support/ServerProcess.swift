import CLinux
import Glibc
import Linux
import Testing

/// A server of a test: started, and ended when the test lets go of it or its process dies, since its standard input ends then.
final class ServerProcess: Sendable {
    private let process: pid_t
    private let input: Int32
    /// What it said until it was ready.
    let words: [String]

    /// - Parameters:
    ///   - ready: looks at the lines of standard output and standard error so far; true when the server is ready.
    init(_ arguments: [String], ready: ([String]) -> Bool) throws {
        let (process, input, output) = try Self.spawning.withLock { _ in try Self.spawn(arguments) }
        self.process = process
        self.input = input
        let reading = Descriptor(owning: output)
        words = try Self.read(reading, until: ready)
        // What it says later is read and forgotten, so that it never waits for us.
        let raw = reading.release()
        var thread = pthread_t()
        let box = UnsafeMutableRawPointer(bitPattern: Int(raw) + 1)
        pthread_create(
            &thread, nil,
            { context in
                let raw = Int32(Int(bitPattern: context) - 1)
                var buffer = [UInt8](repeating: 0, count: 4096)
                while Glibc.read(raw, &buffer, buffer.count) > 0 {}
                close(raw)
                return nil
            }, box)
        pthread_detach(thread)
    }

    /// Held until the ends of the pipes close on exec: no other server may inherit them.
    private static let spawning = Locked(())

    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, input: Int32, output: Int32) {
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw Errno(errno) }
        for end in input + output { try check(cl_set_cloexec(end, 1)) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        posix_spawn_file_actions_adddup2(&actions, output[1], 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
        close(input[0])
        close(output[1])
        guard failure == 0 else { throw Errno(failure) }
        return (process, input[1], output[0])
    }

    deinit {
        close(input)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    private static func read(_ output: borrowing Descriptor, until ready: ([String]) -> Bool) throws -> [String] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(output.raw, &buffer, buffer.count)
            guard count > 0 else {
                throw ServerFailure(said: String(decoding: bytes, as: UTF8.self))
            }
            bytes += buffer[..<count]
            let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
            let words = lines.map { String(decoding: $0, as: UTF8.self) }
            if ready(words) { return words }
        }
    }
}

struct ServerFailure: Error {
    let said: String
}
