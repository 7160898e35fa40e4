import Analysis
import Glibc
import Linux
import OCI

/// A scratch directory with the command line in it, and images made for a test. All of it goes with the test.
final class Workbench: Sendable {
    let path: String

    init() throws {
        path = "/var/tmp/shale-audit-test-\(UInt64.random(in: 0 ... .max))"
        try FD.workingDirectory.makeDirectory(path, mode: 0o755)
    }

    deinit { try? FD.workingDirectory.removeTree(Array(path.utf8).cPath) }

    /// What a script prints, run in the directory. `$SHALE` is the program, `$STORE` a store of its own.
    @discardableResult
    func run(_ script: String) throws -> (status: Int32, output: String, errors: String) {
        let log = "\(path)/.log-\(UInt64.random(in: 0 ... .max))"
        let command = """
            exec >'\(log).out' 2>'\(log).err' </dev/null; cd '\(path)'
            export SWIFT_BACKTRACE=enable=no LC_ALL=C.UTF-8 SHALE='\(Self.shale)' STORE='\(path)/store'
            \(script)
            """
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/bash", "-c", command].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/bash", nil, nil, arguments, environ) == 0 else { throw Errno(errno) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return (code, try text(at: "\(log).out"), try text(at: "\(log).err"))
    }

    private func text(at path: String) throws -> String {
        String(decoding: try FD.workingDirectory.contents(of: Array(path.utf8).cPath, atMost: 256 << 20), as: UTF8.self)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = try FD.workingDirectory.open(
            Array("\(path)/\(name)".utf8).cPath, [.writeOnly, .create, .truncate], mode: 0o644)
        try bytes.withUnsafeBytes { try file.fd.writeAll($0, at: 0) }
    }

    /// An archive of an image, of its description for make-image.py, as `NAME.tar`.
    func image(_ name: String, _ description: JSON) throws {
        try write("\(name).json", description.canonicalBytes)
        let (status, _, errors) = try run("python3 '\(Self.fixtures)/make-image.py' \(name).json \(name).tar")
        guard status == 0 else { throw Failed(description: errors) }
    }

    func open(_ name: String) throws -> OpenedImage {
        try ImageOpener(store: { () throws(AnalysisError) in throw AnalysisError("no store here") })
            .open(Array("\(path)/\(name).tar".utf8))
    }

    func audit(_ description: JSON, _ configuration: AuditConfiguration = AuditConfiguration()) async throws
        -> AuditReport
    {
        try image("image", description)
        return try await ImageAudit(configuration: configuration).run(try open("image"))
    }

    struct Failed: Error { let description: String }

    static let fixtures = #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Fixtures"
    static let project = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }

    /// Where the tests were built, the program was.
    static let shale: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        let own = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shale"
        return access(beside, X_OK) == 0 ? beside : project + "/.build/debug/shale"
    }()
}
