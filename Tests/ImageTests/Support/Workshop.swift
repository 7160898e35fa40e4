import CLinux
import Glibc
import Linux
import OCI
import Testing

/// A scratch directory with a store in it, images made for it, and the command line. All of it goes with its test.
final class Workshop {
    let path: String
    let store: Store

    init() throws {
        path = "/var/tmp/shale-image-test-\(UInt64.random(in: 0 ... .max))"
        try FD.workingDirectory.makeDirectory(path, mode: 0o755)
        store = try Store(at: Array("\(path)/store".utf8))
    }

    deinit {
        // What belongs to subordinate ids goes where they are ours.
        let remove = "rm -rf '\(path)'"
        _ = try? shell(
            """
            umount -R '\(path)'/m* 2>/dev/null || true; cd /; chmod -R u+rwx '\(path)' 2>/dev/null || true
            \(remove) 2>/dev/null || unshare -Um --map-auto --map-root-user \(remove)
            """)
    }

    /// What a script prints on standard output, run in the directory; `shale` in it works on the store.
    ///
    /// - Throws: ``ScriptFailure`` when its status is not 0.
    @discardableResult
    func shell(_ script: String) throws -> String {
        let (status, output, errors) = try run(script)
        guard status == 0 else { throw ScriptFailure(script: script, status: status, output: output + errors) }
        return output
    }

    func run(_ script: String) throws -> (status: Int32, output: String, errors: String) {
        // Scripts of one test may run at once.
        let log = "\(path)-\(UInt64.random(in: 0 ... .max))"
        defer { for end in [".out", ".err"] { unlink(log + end) } }
        let command = """
            exec >'\(log).out' 2>'\(log).err' </dev/null; cd '\(path)'
            export SWIFT_BACKTRACE=enable=no LC_ALL=C.UTF-8
            shale() { local command=$1; shift; '\(Self.shale)' "$command" --root '\(path)/store' "$@"; }
            \(script)
            """
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/bash", "-ec", command].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/bash", nil, nil, arguments, environ) == 0 else {
            throw ScriptFailure(script: script, status: 127, output: "cannot be started")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return (code, try read("\(log).out"), try read("\(log).err"))
    }

    private func read(_ path: String) throws -> String {
        String(decoding: try FD.workingDirectory.contents(of: path, atMost: 64 << 20), as: UTF8.self)
    }

    /// Where the tests were built, the program was.
    static let shale: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        let own = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shale"
        let fixed = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 } + "/.build/debug/shale"
        return access(beside, X_OK) == 0 ? beside : fixed
    }()

    static let isRoot = geteuid() == 0
}

struct ScriptFailure: Error, CustomStringConvertible {
    let script: String
    let status: Int32
    let output: String
    var description: String { "\(script): \(status): \(output)" }
}
