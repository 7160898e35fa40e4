import Dockerfile
import Glibc
import Linux
import OCI
import Testing

@testable import Build

/// A directory with a context, a root that is copied to, and a place for what is fetched; gone with its test.
final class Workshop: Sendable {
    let path: String

    init() throws {
        path = "/var/tmp/shale-build-test-\(UInt64.random(in: 0 ... .max))"
        try FD.workingDirectory.makeDirectory(path, mode: 0o755)
        for name in ["context", "root", "scratch"] {
            try FD.workingDirectory.makeDirectory("\(path)/\(name)", mode: 0o755)
        }
    }

    deinit { _ = try? shell("chmod -R u+rwx . 2>/dev/null || true; cd /; rm -rf '\(path)'") }

    /// What a script prints on both streams, run in this directory.
    ///
    /// - Throws: ``ScriptFailure`` when its status is not 0.
    @discardableResult
    func shell(_ script: String) throws -> String {
        let log = "\(path).\(UInt64.random(in: 0 ... .max)).log"
        defer { unlink(log) }
        let command = "umask 022; cd '\(path)' && { \(script)\n} >'\(log)' 2>&1 </dev/null"
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/bash", "-ec", command].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/bash", nil, nil, arguments, environ) == 0 else { throw Errno(errno) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let bytes = try FD.workingDirectory.contents(of: log, atMost: 64 << 20)
        let output = String(decoding: bytes, as: UTF8.self)
        if status != 0 { throw ScriptFailure(script: script, output: output) }
        return output
    }

    func open(_ name: String) throws -> SharedFile {
        SharedFile(try FD.workingDirectory.open("\(path)/\(name)", [.readOnly]))
    }

    func scratch() throws -> ScratchDirectory { try ScratchDirectory(in: try open("scratch")) }

    func tree(_ name: String = "context", ignore: String? = nil, keepsOwners: Bool = false) throws -> SourceTree {
        let rules = try ignore.map { try IgnoreFile.parse(Array($0.utf8), name: ".dockerignore") }
        return SourceTree(try open(name), ignore: rules, keepsOwners: keepsOwners)
    }

    /// What an instruction selects.
    func select(_ instruction: String, ignore: String? = nil, keepsOwners: Bool = false) throws -> Selection {
        let parsed = try Parsed(instruction)
        let tree = try tree(ignore: ignore, keepsOwners: keepsOwners)
        let selecting = Selecting(from: tree, digests: FileDigests(nil), at: parsed.location)
        let rules = Selecting.Rules(parsed.copying, isAdd: parsed.isAdd)
        let files = try selecting.select(parsed.copying.sources, rules)
        return try .joining([files, .texts(parsed.copying.files)])
    }

    /// Copies what an instruction says from `context` to `root`.
    @discardableResult
    func copy(
        _ instruction: String, ignore: String? = nil, keepsOwners: Bool = false, workdir: String = "/",
        latest: Int64? = nil, lost: @escaping @Sendable (CopyOptions.Loss) -> Void = { _ in }
    ) throws -> Selection {
        let parsed = try Parsed(instruction)
        let selection = try select(instruction, ignore: ignore, keepsOwners: keepsOwners)
        let root = try open("root")
        let owner = try parsed.copying.owner.map { try Owner($0, in: try tree("root")) }
        let options = CopyOptions(
            owner: owner, mode: parsed.mode, latest: latest.map { Timestamp(seconds: $0, nanoseconds: 0) },
            replaces: parsed.copying.isLink, lost: lost)
        let destination = Destination(parsed.copying.destination, workingDirectory: Array(workdir.utf8))
        try Copier(root: root.descriptor.fd, options: options).copy(selection, to: destination)
        return selection
    }

    /// A line for each object of a directory: type, mode, path, and the target of a link.
    func list(_ name: String = "root", _ format: String = "%y %m %P %l\\n") throws -> [String] {
        try shell("cd \(name); LC_ALL=C find . -mindepth 1 -printf '\(format)' | sort -k3").split(separator: "\n")
            .map { String($0.last == " " ? $0.dropLast() : $0) }
    }

    /// The message of what goes wrong.
    func mistake(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

struct ScriptFailure: Error {
    let script: String
    let output: String
}

let linux = BuildPlatform(os: "linux", architecture: "amd64")

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Trait where Self == ConditionTrait {
    /// Other owners, capabilities and devices are given to files here.
    static var asRoot: Self { .enabled(if: Privileges.current().administrator, "needs root of the machine") }
}
