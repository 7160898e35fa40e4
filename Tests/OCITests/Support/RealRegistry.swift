import Glibc
import Linux
import OCI
import Testing

/// Debian's `docker-registry` on a port of its own, with its content in a directory that goes with it.
final class RealRegistry: Sendable {
    enum Feature { case users, tls }

    /// `127.0.0.1:PORT`
    let name: String
    /// Where a client finds its authority: `NAME/ca.crt`, as in /etc/docker/certs.d.
    let certificates: String
    let directory: TemporaryDirectory
    private let server: ServerProcess

    /// With `users`, `user` has the password `pass:word`.
    init(_ features: Set<Feature> = []) throws {
        directory = try TemporaryDirectory()
        var configuration = """
            version: 0.1
            log: {level: info}
            storage: {filesystem: {rootdirectory: \(directory.path)/content}, delete: {enabled: true}}
            http:
              addr: 127.0.0.1:0
            """
        if features.contains(.tls) {
            try Self.makeCertificates(directory)
            configuration += "\n  tls: {certificate: \(directory.path)/server.crt, key: \(directory.path)/server.key}"
        }
        if features.contains(.users) {
            try Programs.run("htpasswd", "-Bbc", "\(directory.path)/users", "user", "pass:word")
            configuration += "\nauth: {htpasswd: {realm: real, path: \(directory.path)/users}}"
        }
        let file = try directory.write("config.yml", configuration + "\n")
        // Ends with its standard input, as a server of a test must.
        let script = "docker-registry serve \"$0\" </dev/null & cat >/dev/null; kill $!; wait"
        server = try ServerProcess(["sh", "-c", script, file]) { Self.port($0) != nil }
        name = "127.0.0.1:\(try #require(Self.port(server.words)))"
        certificates = try directory.makeDirectory("certs.d")
        if features.contains(.tls) {
            _ = try directory.makeDirectory("certs.d/\(name)")
            try Programs.run("cp", "\(directory.path)/ca.crt", "\(certificates)/\(name)/ca.crt")
        }
    }

    private static func port(_ words: [String]) -> Int? {
        for line in words {
            // logfmt: … msg="listening on 127.0.0.1:39487, tls" …
            guard let words = line.split(separator: "listening on 127.0.0.1:", maxSplits: 1).dropFirst().first else {
                continue
            }
            return Int(words.prefix { $0.isNumber })
        }
        return nil
    }

    private static func makeCertificates(_ directory: TemporaryDirectory) throws {
        let at = directory.path
        try Programs.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=shale test authority", "-keyout", "\(at)/ca.key", "-out", "\(at)/ca.crt")
        try Programs.run(
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=127.0.0.1",
            "-keyout", "\(at)/server.key", "-out", "\(at)/server.csr")
        try directory.write("extensions", "subjectAltName=IP:127.0.0.1\n")
        try Programs.run(
            "openssl", "x509", "-req", "-in", "\(at)/server.csr", "-CA", "\(at)/ca.crt", "-CAkey", "\(at)/ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "\(at)/extensions", "-out", "\(at)/server.crt")
    }
}
