import Glibc
import Linux
import OCI
import Subprocess
import SystemPackage

/// The git program in a directory. It asks nothing, and takes no directory from the environment: a build may run in a hook.
struct GitProgram {
    let directory: SharedFile
    /// Without secrets, for messages.
    let remote: String

    private static let environment = Environment.inherit.updating([
        "GIT_TERMINAL_PROMPT": "0", "GIT_DIR": nil, "GIT_WORK_TREE": nil, "GIT_INDEX_FILE": nil,
        "GIT_OBJECT_DIRECTORY": nil, "GIT_ALTERNATE_OBJECT_DIRECTORIES": nil, "GIT_COMMON_DIR": nil,
        "GIT_NAMESPACE": nil, "GIT_CEILING_DIRECTORIES": nil, "LC_ALL": "C",
    ])

    private static let configuration = [
        "-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false",
        "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", "-c", "gc.auto=0",
    ]

    /// Standard output.
    ///
    /// - Throws: ``BuildError`` with git's last words when it fails.
    @discardableResult
    func run(_ arguments: [String]) async throws(BuildError) -> String {
        let result: ExecutionResult<Void, BytesOutput, BytesOutput>
        do {
            result = try await Subprocess.run(
                .name("git"), arguments: Arguments(Self.configuration + arguments), environment: Self.environment,
                workingDirectory: FilePath("/proc/\(getpid())/fd/\(directory.descriptor.raw)"), input: .none,
                output: .bytes(limit: 64 << 20), error: .bytes(limit: 1 << 20))
        } catch {
            throw BuildError("run git: \(printable("\(error)"))")
        }
        guard result.terminationStatus.isSuccess else {
            let lines = result.standardError.split(separator: UInt8(ascii: "\n"))
            let line = lines.last { $0.starts(with: "fatal:".utf8) || $0.starts(with: "error:".utf8) } ?? lines.last
            let words = line.map { displayed(Array($0)) } ?? "it failed without a word"
            throw BuildError("fetch git repository \(printable(shownRemote)): \(words)")
        }
        return String(decoding: result.standardOutput, as: UTF8.self)
    }

    /// The remote without user and password.
    private var shownRemote: String {
        guard let scheme = remote.firstRange(of: "://"), let at = remote[scheme.upperBound...].firstIndex(of: "@")
        else { return remote }
        return String(remote[..<scheme.upperBound] + remote[remote.index(after: at)...])
    }
}
