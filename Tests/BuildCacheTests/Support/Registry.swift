import Glibc
import Linux

/// Debian's `docker-registry` on a port of its own, its content in the workshop's directory; ended when the test lets go of it.
final class Registry: Sendable {
    /// `127.0.0.1:PORT`
    let name: String
    private let process: String

    init(_ shop: Workshop) throws {
        // It ends with this process at the latest.
        process =
            try shop.shell(
                """
                cat >registry.yml <<C
                version: 0.1
                log: {level: info}
                storage: {filesystem: {rootdirectory: $PWD/registry}}
                http: {addr: "127.0.0.1:0"}
                C
                : >registry.log
                docker-registry serve registry.yml </dev/null >registry.log 2>&1 &
                echo $!
                { while kill -0 $PPID && kill -0 $!; do sleep 1; done; kill -KILL $!; } >/dev/null 2>&1 &
                """
            ).split(separator: "\n").first.map(String.init) ?? ""
        for _ in 0..<500 {
            let log = try shop.shell("cat registry.log")
            if let words = log.split(separator: "listening on ", maxSplits: 1).dropFirst().first {
                name = String(words.prefix { $0.isNumber || $0 == "." || $0 == ":" })
                return
            }
            usleep(20_000)
        }
        throw ScriptFailure(script: "docker-registry", result: try shop.run("cat registry.log"))
    }

    deinit { if let id = pid_t(process) { kill(id, SIGKILL) } }
}
