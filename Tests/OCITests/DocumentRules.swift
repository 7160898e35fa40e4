import OCI
import Testing

@Suite struct DocumentRules {
    static let hash = String(repeating: "ab", count: 32)

    static func manifest(_ more: String = "", layerSize: String = "3", version: String = "2") -> [UInt8] {
        Array(
            """
            {"schemaVersion": \(version), "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:\(hash)", "size": 2},
             "layers": [{"size": \(layerSize), "digest": "sha256:\(hash)", "x-unknown": [1.50, null],
                         "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]\(more)}
            """.utf8)
    }

    private func cause(_ body: () throws(DocumentError) -> Void) -> String {
        do throws(DocumentError) {
            try body()
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test("A manifest is written canonically and keeps what it does not know")
    func canonical() throws {
        let manifest = try ImageManifest(
            parsing: Self.manifest(#", "zeta": {"b": "\u00e9\n", "a": 12345678901234567890}"#))
        let digest = "sha256:\(Self.hash)"
        let expected =
            #"{"config":{"digest":"\#(digest)","mediaType":"application/vnd.oci.image.config.v1+json","size":2},"#
            + #""layers":[{"digest":"\#(digest)","mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":3,"#
            + #""x-unknown":[1.50,null]}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2,"#
            + #""zeta":{"a":12345678901234567890,"b":"é\n"}}"#
        #expect(String(decoding: manifest.bytes, as: UTF8.self) == expected)
        #expect(try ImageManifest(parsing: manifest.bytes) == manifest)
        #expect(manifest.layers[0].mediaType.compression == .gzip)
    }

    @Test("Docker's schema 2 is read, and written again", arguments: ["gzip", "zstd"])
    func docker(compression: String) throws {
        let text = String(decoding: Self.manifest(), as: UTF8.self)
        let oci = try ImageManifest(parsing: Array(text.replacing("tar+gzip", with: "tar+\(compression)").utf8))
        let docker = try ImageManifest(parsing: oci.inDocker.bytes)
        #expect(docker.mediaType == .dockerManifest)
        #expect(docker.config.mediaType == .dockerConfig)
        #expect(docker.layers[0].mediaType.rawValue == "application/vnd.docker.image.rootfs.diff.tar.\(compression)")
        #expect(docker.layers[0].mediaType.compression == oci.layers[0].mediaType.compression)
        #expect(docker.inOCI == oci)
    }

    @Test(
        "What is no manifest is refused, with its place",
        arguments: [
            (#"{"schemaVersion":2"#, "not JSON at byte 18: a comma or } is missing"),
            (#"{"schemaVersion":2} x"#, "not JSON at byte 20: something follows the value"),
            (#"{"a":1,"a":2}"#, #"the key "a" appears twice"#),
            (#"{"schemaVersion":1}"#, "schemaVersion: 1 is Docker's old format"),
            (#"{"schemaVersion":2,"manifests":[]}"#, "manifests: an index and a manifest in one document"),
            (#"{"schemaVersion":2,"mediaType":"text/html"}"#, "mediaType: text/html is not what is read here"),
            (#"{"schemaVersion":2,"layers":[]}"#, "config: missing"),
            (#"{"schemaVersion":2,"config":[],"layers":[]}"#, "config: an object is wanted, not an array"),
            ("[\"\\ud800\"]", "half a surrogate pair"), ("\u{FEFF}{}", "no value begins here"),
            ("", "the text ends too early"),
            (String(repeating: "[", count: 100_000), "nested deeper than 64"), ("01", "something follows the value"),
            ("{\"a\":\"\u{1}\"}", "a control character in a string"),
        ])
    func refused(text: String, expected: String) {
        let message = cause { () throws(DocumentError) in _ = try ImageManifest(parsing: Array(text.utf8)) }
        #expect(message.hasPrefix("parse image manifest: ") && message.contains(expected), "\(message)")
    }

    @Test("Sizes and digests of descriptors are checked")
    func descriptors() {
        let negative = cause { () throws(DocumentError) in
            _ = try ImageManifest(parsing: Self.manifest(layerSize: "-1"))
        }
        #expect(negative == "parse image manifest: layers[0].size: negative")
        let huge = cause { () throws(DocumentError) in _ = try ImageManifest(parsing: Self.manifest(layerSize: "1e9")) }
        #expect(huge == "parse image manifest: layers[0].size: an integer is wanted, not a number")
        let text = String(decoding: Self.manifest(), as: UTF8.self).replacing("sha256:", with: "sha256:../")
        let path = cause { () throws(DocumentError) in _ = try ImageManifest(parsing: Array(text.utf8)) }
        #expect(path.contains(".digest: digest \"sha256:../"), "\(path)")
    }

    @Test("A string that is not UTF-8 is refused")
    func encoding() {
        let message = cause { () throws(DocumentError) in _ = try ImageConfig(parsing: [0x7b, 0x22, 0xff, 0x22]) }
        #expect(message == "parse image config: not JSON at byte 4: a string that is not UTF-8")
    }

    @Test("A config keeps Docker's fields, unset and empty apart, and history")
    func config() throws {
        let text = #"""
            {"architecture":"arm64","variant":"v8","os":"linux","created":"2024-01-01T00:00:00Z","docker_version":"20",
             "config":{"Env":["A=1","B=é"],"Cmd":null,"Entrypoint":[],"ExposedPorts":{"80/tcp":{},"53/udp":{}},
               "Volumes":{"/v":{}},"Labels":{"k":"v"},"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000},
               "OnBuild":["RUN x"],"Shell":["/bin/sh"],"ArgsEscaped":true,"StopSignal":"SIGTERM","StopTimeout":3},
             "rootfs":{"type":"layers","diff_ids":["sha256:\#(Self.hash)"]},
             "history":[{"created_by":"a","empty_layer":true},{"created_by":"b","x":1}]}
            """#
        let config = try ImageConfig(parsing: Array(text.utf8))
        #expect(config.platform == Platform(os: "linux", architecture: "arm64", variant: "v8"))
        #expect(config.execution.command == nil)
        #expect(config.execution.entrypoint == [])
        #expect(config.execution.exposedPorts == ["53/udp", "80/tcp"])
        #expect(config.execution.healthcheck?.interval == 30_000_000_000)
        #expect(config.history.map(\.emptyLayer) == [true, false])
        #expect(config.other["docker_version"] == .string("20"))
        #expect(config.execution.other["ArgsEscaped"] == .bool(true))
        #expect(try ImageConfig(parsing: config.bytes) == config)
        #expect(try ImageConfig(parsing: config.bytes).bytes == config.bytes)
    }

    @Test("Chain ids are those of the specification")
    func chain() throws {
        let a = try Digest(of: Array("a".utf8))
        let b = try Digest(of: Array("b".utf8))
        let c = try Digest(of: Array("c".utf8))
        let ab = try Digest(of: Array("\(a) \(b)".utf8))
        let abc = try Digest(of: Array("\(ab) \(c)".utf8))
        #expect(try ImageConfig(diffIDs: [a, b, c]).chainIDs() == [a, ab, abc])
    }

    @Test("An index gives the manifest that serves the machine best")
    func platforms() throws {
        func entry(_ platform: String, _ size: Int64) throws -> ContentDescriptor {
            ContentDescriptor(
                mediaType: .manifest, digest: try Digest("sha256:\(Self.hash)"), size: size,
                platform: try Platform(platform))
        }
        let index = ImageIndex(manifests: [
            try entry("linux/arm/v5", 1), try entry("linux/arm/v7", 2), try entry("linux/amd64", 3),
            try entry("linux/arm64", 4), try entry("windows/amd64", 5), try entry("linux/arm/v6", 6),
        ])
        let read = try ImageIndex(parsing: index.bytes)
        #expect(read == index)
        #expect(read.manifest(for: try Platform("linux/arm/v7"))?.size == 2)
        #expect(read.manifest(for: try Platform("linux/arm/v6"))?.size == 6)
        #expect(read.manifest(for: try Platform("linux/x86_64"))?.size == 3)
        #expect(read.manifest(for: try Platform("aarch64"))?.size == 4)
        #expect(read.manifest(for: try Platform("linux/s390x")) == nil)
    }

    @Test(
        "A platform is os/architecture and perhaps a variant",
        arguments: ["", "/", "linux/", "a/b/c/d", "linux/../x", "l x"])
    func badPlatform(text: String) { #expect(throws: DocumentError.self) { try Platform(text) } }
}
