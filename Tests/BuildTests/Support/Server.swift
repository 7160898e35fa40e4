import CLinux
import Glibc
import Linux

/// A server of a test on a port of its own; ended when the test lets go of it.
final class Server: Sendable {
    let port: Int
    private let process: pid_t

    private init(_ shop: Workshop, _ arguments: (Int) -> [String]) throws {
        let port = try Self.freePort()
        let log = "\(shop.path)/server.log"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments(port).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let failure = posix_spawnp(&process, pointers[0] ?? strdup(""), &actions, nil, &pointers, environ)
        guard failure == 0 else { throw Errno(failure) }
        self.port = port
        self.process = process
        for _ in 0..<200 {
            if (try? shop.shell("exec 3<>/dev/tcp/127.0.0.1/\(port)")) != nil { return }
            usleep(20_000)
        }
        throw ScriptFailure(script: "server", output: (try? shop.shell("cat server.log")) ?? "")
    }

    deinit {
        // Threads of this process block the gentler ones, and what they start inherits that.
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// Serves the directory `www`.
    static func web(_ shop: Workshop) throws -> Server {
        try Server(shop) { port in
            ["python3", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", "\(shop.path)/www"]
        }
    }

    /// Serves the repositories in the directory `git`.
    static func git(_ shop: Workshop) throws -> Server {
        try Server(shop) { port in
            [
                "/usr/lib/git-core/git-daemon", "--listen=127.0.0.1", "--port=\(port)", "--reuseaddr",
                "--base-path=\(shop.path)/git",
            ]
        }
    }

    private static func freePort() throws -> Int {
        let descriptor = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let done = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor.raw, $0, size) == 0 && getsockname(descriptor.raw, $0, &size) == 0
            }
        }
        guard done else { throw Errno(errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
