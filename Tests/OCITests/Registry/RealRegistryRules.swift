import CLinux
import Linux
import OCI
import Testing

/// `docker-registry`, with and without users and TLS; what `skopeo` puts there and finds there.
@Suite struct RealRegistryRules {
    private func client(_ registry: RealRegistry) throws -> HTTPClient {
        try .impatient { $0.directories = [Array(registry.certificates.utf8)] }
    }

    private let user = Credential.basic(user: "user", password: "pass:word")

    /// An image of one layer, pushed as a client would.
    private func push(_ repository: Repository, _ tag: String, layer: [UInt8], _ directory: TemporaryDirectory)
        async throws
    {
        let layerDigest = try Digest(of: layer)
        let config = Array(
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(layerDigest)"]}}"#.utf8)
        let manifest = ImageManifest(
            config: ContentDescriptor(mediaType: .config, digest: try Digest(of: config), size: Int64(config.count)),
            layers: [ContentDescriptor(mediaType: .layer, digest: layerDigest, size: Int64(layer.count))])
        for (descriptor, bytes) in [(manifest.config, config), (manifest.layers[0], layer)] {
            let path = try directory.write("blob", bytes)
            let file = SharedFile(try FD.workingDirectory.open(path, .readOnly))
            _ = try await repository.push(blob: descriptor, from: file)
        }
        try await repository.push(manifest: manifest.bytes, .manifest, as: .tag(tag))
    }

    private func layer(_ size: Int) -> [UInt8] {
        // A tar of nothing is two blocks of zeros; more of them make it larger.
        [UInt8](repeating: 0, count: size)
    }

    @Test(
        "what is pushed is pulled, by us and by skopeo, in every configuration",
        arguments: [
            [], [.users], [.tls], [.users, .tls],
        ] as [Set<RealRegistry.Feature>])
    func roundTrip(features: Set<RealRegistry.Feature>) async throws {
        let real = try RealRegistry(features)
        let credential = features.contains(.users) ? user : nil
        let registry = Registry(real.name, client: try client(real)) { _ in credential }
        let repository = registry.repository("team/app")
        try await registry.check()
        let content = layer(5 << 20)
        try await push(repository, "1", layer: content, real.directory)
        #expect(try await repository.tags() == ["1"])

        let image = try await repository.image(.tag("1"), for: .host)
        let pulled = Locked<[UInt8]>([])
        try await repository.pull(blob: image.manifest.layers[0]) { chunk in pulled.withLock { $0 += chunk } }
        #expect(pulled.withLock { $0 } == content)

        var skopeo = ["skopeo", "copy"]
        skopeo += features.contains(.users) ? ["--src-creds", "user:pass:word"] : []
        skopeo +=
            features.contains(.tls)
            ? ["--src-cert-dir", "\(real.certificates)/\(real.name)"] : ["--src-tls-verify=false"]
        skopeo += ["docker://\(real.name)/team/app:1", "dir:\(real.directory.path)/copy"]
        try Programs.run(skopeo)
        let blob = "\(real.directory.path)/copy/\(image.manifest.layers[0].digest.hex)"
        #expect(try FD.workingDirectory.status(blob).size == UInt64(content.count))
    }

    @Test("what skopeo pushes is pulled, as OCI's and as Docker's documents", arguments: ["oci", "v2s2"])
    func fromSkopeo(format: String) async throws {
        let real = try RealRegistry()
        let repository = Registry(real.name, client: try client(real)) { _ in nil }.repository("copied")
        try await push(repository, "1", layer: layer(2048), real.directory)
        try Programs.run(
            "skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--format", format,
            "docker://\(real.name)/copied:1", "docker://\(real.name)/again:2")
        let again = Registry(real.name, client: try client(real)) { _ in nil }.repository("again")
        let image = try await again.image(.tag("2"), for: .host)
        #expect(image.manifest.mediaType == (format == "oci" ? .manifest : .dockerManifest))
        try await again.pull(blob: image.manifest.layers[0]) { _ in }
    }

    @Test("a blob is mounted from another repository, and a manifest deleted")
    func mountAndDelete() async throws {
        let real = try RealRegistry([.users])
        let registry = Registry(real.name, client: try client(real)) { _ in user }
        let bytes = layer(1 << 21)
        try await push(registry.repository("source"), "1", layer: bytes, real.directory)
        let descriptor = ContentDescriptor(mediaType: .layer, digest: try Digest(of: bytes), size: Int64(bytes.count))
        let file = SharedFile(try FD.workingDirectory.open("\(real.directory.path)/blob", .readOnly))
        let target = registry.repository("target")
        #expect(
            try await target.push(blob: descriptor, from: file, mountingFrom: ["source"]) == .mounted(from: "source"))
        #expect(try await target.push(blob: descriptor, from: file) == .existed)
        #expect(try await target.has(blob: descriptor.digest))

        let source = registry.repository("source")
        let digest = try #require(try await source.manifestDigest(.tag("1")) ?? nil)
        try await source.delete(manifest: .digest(digest))
        #expect(try await source.manifestDigest(.digest(digest)) == nil)
        await #expect(throws: RegistryError.self) { try await source.manifest(.tag("1")) }
    }

    @Test("without credentials, with wrong ones, and for what is not there, one line says so")
    func refusals() async throws {
        let real = try RealRegistry([.users])
        let client = try client(real)
        for credential in [nil, Credential.basic(user: "user", password: "wrong")] {
            do {
                try await Registry(real.name, client: client) { _ in credential }.check()
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.description == "log in (\(real.name)): not authorised (401): authentication required")
            }
        }
        do {
            _ = try await Registry(real.name, client: client) { _ in user }.repository("nothing").manifest(.tag("1"))
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description == "pull manifest 1 (\(real.name)/nothing): not found (404): manifest unknown")
        }
    }

    @Test("a certificate of an unknown authority is refused, unless nothing is verified")
    func trust() async throws {
        let real = try RealRegistry([.tls])
        do {
            let stranger = Registry(real.name, client: try .impatient()) { _ in nil }
            try await stranger.check()
            Issue.record("nothing was thrown")
        } catch let error as RegistryError {
            guard case .transfer(let cause) = error.reason else { throw error }
            #expect(cause.kind == .certificate)
        }
        let careless = try HTTPClient.impatient { $0.verifies = false }
        try await Registry(real.name, client: careless, allowsPlain: true) { _ in nil }.check()
        let environment = Environment(["SSL_CERT_FILE": Array("\(real.directory.path)/ca.crt".utf8)])
        try await Registry(real.name, client: try .impatient(environment: environment)) { _ in nil }.check()
        let missing = Environment(["SSL_CERT_FILE": Array("/nowhere/ca.crt".utf8)])
        do {
            try await Registry(real.name, client: try .impatient(environment: missing)) { _ in nil }.check()
            Issue.record("nothing was thrown")
        } catch let error as RegistryError {
            #expect(error.description.hasSuffix("read /nowhere/ca.crt: No such file or directory"))
        }
    }
}
