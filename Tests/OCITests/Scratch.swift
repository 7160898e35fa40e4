import CLinux
import Glibc
import Linux

@testable import OCI

/// A directory that goes with its test, and other people's tools run in it.
final class Scratch {
    let path: String

    init() throws {
        path = "/var/tmp/shale-oci-test-\(UInt64.random(in: 0 ... .max))"
        try FD.workingDirectory.makeDirectory(path, mode: 0o755)
    }

    deinit {
        // Trees with directories that their owner may not enter go too.
        _ = try? shell("umount -R '\(path)'/m* 2>/dev/null || true; cd /; chmod -R u+rwx '\(path)'; rm -rf '\(path)'")
    }

    func bytes(_ name: String) -> [UInt8] { Array("\(path)/\(name)".utf8) }

    /// What a script prints on both streams, run in this directory.
    ///
    /// - Throws: ``ScriptFailure`` when its status is not 0.
    @discardableResult
    func shell(_ script: String) throws -> String {
        let log = "\(path).log"
        let command = "cd '\(path)' && { \(script)\n} >'\(log)' 2>&1"
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/bash", "-ec", command].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/bash", nil, nil, arguments, environ) == 0 else {
            throw ScriptFailure(script: script, output: "cannot be started")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let output = (try? read(log)) ?? ""
        unlink(log)
        if status != 0 { throw ScriptFailure(script: script, output: output) }
        return output
    }

    func read(_ path: String) throws -> String {
        let file = try FD.workingDirectory.open(path, .readOnly)
        var bytes = [UInt8](repeating: 0, count: Int(try file.fd.status().size))
        let count = bytes.withUnsafeMutableBytes { cl_pread(file.raw, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        var file = try NewFile(self.bytes(name))
        try bytes.withUnsafeBytes { try file.fd.writeAll($0, at: 0) }
        try file.publish()
    }

    static var fixtures: String {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast()
        return parts.joined(separator: "/") + "/Fixtures"
    }

    static let isRoot = geteuid() == 0

    func generate(_ name: String, seed: Int, whiteouts: Bool = false) throws {
        try shell("python3 \(Self.fixtures)/tree.py generate \(name) \(seed) \(whiteouts ? "whiteouts" : "")")
    }

    /// One line for each object beneath a directory: type, mode, owner, time, content, attributes, links.
    func describe(_ name: String, times: Bool = true) throws -> String {
        try shell("python3 \(Self.fixtures)/tree.py describe \(name) \(times ? "" : "notimes")")
    }

    /// The lines of ``describe(_:times:)`` that two trees do not share; empty for equal ones.
    func differences(_ one: String, _ other: String, times: Bool = true) throws -> String {
        let script = "python3 \(Self.fixtures)/tree.py describe"
        let more = times ? "" : "notimes"
        return try shell("diff <(\(script) \(one) \(more)) <(\(script) \(other) \(more)) || true")
    }

    @discardableResult
    func build(
        _ tree: String, to file: String, _ coding: LayerCoding = LayerCoding(), lowers: [String] = [],
        latest: Int64? = nil
    ) throws -> BuiltLayer {
        let output = try FD.workingDirectory.open("\(path)/\(file)", [.writeOnly, .create, .truncate], mode: 0o644)
        let source = LayerSource(upper: bytes(tree), lowers: lowers.map { bytes($0) })
        return try LayerBuilder(coding, latest: latest).build(source, into: output.fd)
    }

    @discardableResult
    func unpack(_ file: String, to tree: String, _ unpacker: LayerUnpacker = LayerUnpacker()) throws -> ReadLayer {
        try unpacking(file, to: tree, unpacker)
    }

    func unpacking(_ file: String, to tree: String, _ unpacker: LayerUnpacker) throws(LayerError) -> ReadLayer {
        let input = try naming("open", bytes(file)) { () throws(Errno) in
            try FD.workingDirectory.open("\(path)/\(file)", .readOnly)
        }
        return try unpacker.unpack(input.fd, to: bytes(tree))
    }

    func verify(_ file: String, _ unpacker: LayerUnpacker = LayerUnpacker()) throws -> ReadLayer {
        let input = try FD.workingDirectory.open("\(path)/\(file)", .readOnly)
        return try unpacker.verify(input.fd)
    }
}

struct ScriptFailure: Error, CustomStringConvertible {
    let script: String
    let output: String
    var description: String { "\(script): \(output)" }
}
