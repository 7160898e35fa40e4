import OCI
import Testing

@Suite struct ReferenceRules {
    static let hash = "sha256:" + String(repeating: "0f", count: 32)

    @Test(
        "Short names are Docker Hub's; a host has a dot, a port or capitals, or is localhost",
        arguments: [
            ("busybox", "docker.io/library/busybox", "busybox"),
            ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
            ("jay/app", "docker.io/jay/app", "jay/app"),
            ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
            ("index.docker.io/library/busybox:x", "docker.io/library/busybox:x", "busybox:x"),
            ("localhost/app", "localhost/app", "localhost/app"),
            ("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"),
            ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c"),
            ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
            ("quay.io/a__b/c.d/e-f---g:_x.y-z", "quay.io/a__b/c.d/e-f---g:_x.y-z", "quay.io/a__b/c.d/e-f---g:_x.y-z"),
            ("HOST/app", "HOST/app", "HOST/app"),
            ("busybox@\(hash)", "docker.io/library/busybox@\(hash)", "busybox@\(hash)"),
            ("h:1/a:t@\(hash)", "h:1/a:t@\(hash)", "h:1/a:t@\(hash)"),
            ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ])
    func accepted(text: String, full: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.description == full)
        #expect(reference.familiar == familiar)
        #expect(try Reference(reference.description) == reference)
        #expect(try Reference(reference.familiar) == reference)
    }

    @Test("Neither tag nor digest means latest")
    func latest() throws {
        #expect(try Reference("a").tagged.description == "docker.io/library/a:latest")
        #expect(try Reference("a:b").tagged.tag == "b")
        #expect(try Reference("a@\(Self.hash)").tagged.tag == nil)
    }

    @Test(
        "What the grammar does not have is refused, with a reason",
        arguments: [
            ("", "empty"), ("Busybox", "a repository has no capital letters"), ("a b", "is no repository"),
            ("a:", "tag \"\""), ("a:-x", "tag \"-x\""), ("a//b", "is no repository"), ("a/", "is no repository"),
            ("/a", "is no repository"), ("a___b", "is no repository"), ("a..b", "is no repository"),
            ("-a", "is no repository"),
            ("h:x/a", "is no host"), ("h:123456/a", "is no host"), ("a@sha256:12", "does not have 64 digits"),
            (String(repeating: "a", count: 64), "64 hexadecimal digits"), ("a\u{0}b", "is no repository"),
            ("a:" + String(repeating: "x", count: 129), "128 at most"), ("-h.x/a", "is no host"),
            (String(repeating: "a", count: 256), "255 characters at most"), ("[::1/a", "is no host"),
            ("ä", "is no repository"),
        ])
    func refused(text: String, reason: String) {
        do throws(DocumentError) {
            let reference = try Reference(text)
            Issue.record("accepted as \(reference)")
        } catch {
            #expect(error.description.contains(reason), "\(error)")
            #expect(error.description.hasPrefix("parse reference \""))
            #expect(!error.description.contains("\n"))
        }
    }

    @Test("A reference put together from parts is checked as a whole")
    func parts() throws {
        #expect(try Reference(registry: "h.io", repository: "a/b", tag: "t").description == "h.io/a/b:t")
        #expect(throws: DocumentError.self) { try Reference(registry: "h", repository: "a") }
        #expect(throws: DocumentError.self) { try Reference(registry: "h.io", repository: "a:x") }
        #expect(throws: DocumentError.self) { try Reference(registry: "h.io/x", repository: "a") }
    }
}
