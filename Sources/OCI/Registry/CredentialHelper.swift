import CLinux
import Glibc
import Linux
import Subprocess
import SystemPackage

/// A program that keeps credentials elsewhere: `docker-credential-NAME` (github.com/docker/docker-credential-helpers).
struct CredentialHelper {
    let name: String
    /// Where programs are found; nil for this process's own `PATH`.
    let searchPath: [UInt8]?

    private var program: String { "docker-credential-\(name)" }

    /// Nil where the program has none for this registry.
    func get(_ server: String) async throws(CredentialError) -> Credential? {
        let answer = try await run("get", input: server)
        guard let answer else { return nil }
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(answer))
            let user = try fields.string("Username") ?? ""
            guard let secret = try fields.string("Secret"), !secret.isEmpty else { return nil }
            return user == "<token>" ? .identityToken(secret) : .basic(user: user, password: secret)
        } catch {
            throw CredentialError("run \(program) get: \(error)")
        }
    }

    func store(_ credential: Credential, for server: String) async throws(CredentialError) {
        var object = JSONObject()
        object.put("ServerURL", server)
        switch credential {
        case .basic(let user, let password):
            object.put("Username", user)
            object.put("Secret", password)
        case .identityToken(let token):
            object.put("Username", "<token>")
            object.put("Secret", token)
        }
        _ = try await run("store", input: String(decoding: JSON.object(object).canonicalBytes, as: UTF8.self))
    }

    func erase(_ server: String) async throws(CredentialError) { _ = try await run("erase", input: server) }

    /// Standard output, or nil where the program says that there is no such entry.
    private func run(_ verb: String, input: String) async throws(CredentialError) -> [UInt8]? {
        // The name comes from a file, and becomes part of a program's.
        guard !name.utf8.contains(UInt8(ascii: "/")) else {
            throw CredentialError("run \(printable(program)): a helper's name has no slash")
        }
        let result: ExecutionResult<Void, BytesOutput, BytesOutput>
        do {
            result = try await Subprocess.run(
                .name(program), arguments: [verb],
                environment: searchPath.map { .inherit.updating(["PATH": String(decoding: $0, as: UTF8.self)]) }
                    ?? .inherit,
                input: .fileDescriptor(try Self.filled(input), closeAfterSpawningProcess: true),
                output: .bytes(limit: 1 << 20), error: .bytes(limit: 64 << 10))
        } catch {
            throw CredentialError("run \(printable(program)): \(error)")
        }
        if result.terminationStatus.isSuccess { return result.standardOutput }
        let words = Self.line(result.standardOutput.isEmpty ? result.standardError : result.standardOutput)
        // The helpers' library prints exactly this, on standard output.
        if words.contains("credentials not found in native keychain") { return nil }
        throw CredentialError(
            "run \(printable(program)) \(verb): \(words.isEmpty ? "it failed without a word" : words)")
    }

    /// A pipe with the whole input in it already: writing to a program that ended without reading would end this one
    /// (SIGPIPE).
    private static func filled(_ input: String) throws(Linux.Errno) -> FileDescriptor {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Linux.Errno(errno) }
        let reading = Descriptor(owning: ends[0])
        let writing = Descriptor(owning: ends[1])
        for end in ends { try check(cl_set_cloexec(end, 1)) }
        // A pipe takes 64 KiB; where it takes less, an error is better than to wait for ever.
        _ = fcntl(writing.raw, F_SETFL, O_NONBLOCK)
        let bytes = Array(input.utf8)
        let count = try check(bytes.withUnsafeBytes { cl_write(writing.raw, $0.baseAddress, $0.count) })
        guard count == bytes.count else { throw .tooBig }
        return FileDescriptor(rawValue: reading.release())
    }

    private static func line(_ bytes: [UInt8]) -> String {
        printable(String(decoding: bytes.split(separator: 0x0a).first ?? [], as: UTF8.self))
    }
}
