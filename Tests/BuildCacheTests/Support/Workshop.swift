import CLinux
import Glibc
import Linux
import Testing

@testable import OCI

/// A scratch directory with a project in `context`, stores that are made as they are named, and the command line. All of it goes
/// with its test.
final class Workshop: Sendable {
    let path: String

    /// Three stages, two of which the target only copies from; seven steps that make layers.
    static let dockerfile = """
        FROM busybox AS tools
        RUN echo tool >/tool; echo more >/more
        FROM busybox AS data
        COPY data /data
        RUN sort -u /data/list >/sorted; echo more >/more
        FROM busybox
        COPY --from=tools /tool /tool
        COPY --from=data /sorted /sorted
        COPY main /main
        RUN cat /tool /sorted /main >/all
        LABEL done=yes
        """

    init() throws {
        path = "/var/tmp/shale-cache-test-\(UInt64.random(in: 0 ... .max))"
        try FD.workingDirectory.makeDirectory(path, mode: 0o755)
        try shell(
            """
            mkdir -p context/data; printf 'b\\na\\n' >context/data/list; echo main >context/main
            cat >context/Dockerfile <<'D'
            \(Self.dockerfile)
            D
            """)
    }

    deinit {
        _ = try? shell(
            "awk '$5 ~ \"^\(path)/\" { print $5 }' /proc/self/mountinfo | tac | xargs -r umount -l; cd /; rm -rf '\(path)'"
        )
    }

    /// What a script prints on standard output, run in the directory; `shale STORE COMMAND …` works on a store.
    ///
    /// - Throws: ``ScriptFailure`` when its status is not 0.
    @discardableResult
    func shell(_ script: String) throws -> String {
        let result = try run(script)
        guard result.status == 0 else { throw ScriptFailure(script: script, result: result) }
        return result.output
    }

    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    func run(_ script: String) throws -> Result {
        // Scripts of one test may run at once.
        let log = "\(path)-\(UInt64.random(in: 0 ... .max))"
        defer { for end in [".out", ".err"] { unlink(log + end) } }
        let command = """
            exec >'\(log).out' 2>'\(log).err' </dev/null; cd '\(path)'
            export SWIFT_BACKTRACE=enable=no LC_ALL=C.UTF-8
            shale() { local store=$1 command=$2; shift 2; '\(Self.shale)' "$command" --root "$store" "$@"; }
            \(script)
            """
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/bash", "-ec", command].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let failure = posix_spawn(&process, "/bin/bash", nil, nil, arguments, environ)
        guard failure == 0 else { throw Errno(failure) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return Result(
            status: status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f, output: try Self.text("\(log).out"),
            errors: try Self.text("\(log).err"))
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try FD.workingDirectory.contents(of: path, atMost: 64 << 20), as: UTF8.self)
    }

    /// Where the tests were built, the program was.
    static let shale: String = {
        let own = (try? FileLink.target(of: "/proc/self/exe")) ?? ""
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shale"
        let fixed = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/.build/debug/shale"
        return access(beside, X_OK) == 0 ? beside : fixed
    }()

    /// Debian's BusyBox as an image, made once.
    private static let archive: Swift.Result<String, any Error> = .init {
        let script = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Real/lib.sh"
        let file = "/var/tmp/shale-cache-test-busybox-\(geteuid())-\(getpid()).tar"
        atexit { unlink("/var/tmp/shale-cache-test-busybox-\(geteuid())-\(getpid()).tar") }
        let shop = try Workshop()
        try shop.shell(
            "source <(sed -n '/^busybox_archive()/,/^}$/p' '\(script)'); busybox_archive '\(file)'")
        return file
    }

    static func base() throws -> String { try archive.get() }

    static let canRun = geteuid() == 0
}

enum FileLink {
    static func target(of path: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try buffer.withUnsafeMutableBytes { try FD.workingDirectory.readLink(path, into: $0) }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

struct ScriptFailure: Error, CustomStringConvertible {
    let script: String
    let result: Workshop.Result
    var description: String { "\(script): \(result.status): \(result.output)\(result.errors)" }
}
