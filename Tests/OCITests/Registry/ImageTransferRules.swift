import CLinux
import Linux
import OCI
import Testing

/// Whole images between directories of blobs and a real registry.
@Suite struct ImageTransferRules {
    let real: RealRegistry
    let sample: SampleImage
    let client: HTTPClient

    init() throws {
        real = try RealRegistry()
        sample = try SampleImage(in: "\(real.directory.path)/source")
        client = try .impatient()
    }

    private func repository(_ name: String) -> Repository {
        Registry(real.name, client: client) { _ in nil }.repository(name)
    }

    private func directory(_ name: String) throws -> BlobDirectory {
        try BlobDirectory(making: Array("\(real.directory.path)/\(name)".utf8))
    }

    @Test("an image is pushed and pulled whole; the second time nothing moves")
    func roundTrip() async throws {
        let states = Locked<[Digest: [TransferProgress.State]]>([:])
        let observer: TransferObserver = { progress in
            states.withLock { $0[progress.blob.digest, default: []].append(progress.state) }
        }
        var push = ImagePush(repository("a"), from: sample.blobs)
        push.observer = observer
        try await push.run(sample.image.manifest, as: .tag("1"))
        #expect(states.withLock { $0.count } == 3)
        for (digest, seen) in states.withLock({ $0 }) {
            let blob = try #require(([sample.manifest.config] + sample.manifest.layers).first { $0.digest == digest })
            #expect(seen.first == .waiting)
            #expect(seen.contains(.moving(blob.size)))
            #expect(seen.last == .done)
        }
        states.withLock { $0 = [:] }
        try await push.run(sample.image.manifest, as: .tag("2"))
        #expect(states.withLock { $0.values.allSatisfy { $0 == [.waiting, .existed] } })

        let target = try directory("target")
        let pull = ImagePull(repository("a"), into: target)
        let outcome = try await pull.run(.tag("2"))
        #expect(outcome.named == sample.image.manifest)
        #expect(outcome.config.history.count == 2)
        for blob in [sample.image.manifest, sample.manifest.config] + sample.manifest.layers {
            #expect(try target.size(of: blob.digest) == blob.size)
        }
        states.withLock { $0 = [:] }
        var again = pull
        again.observer = observer
        _ = try await again.run(.digest(sample.image.manifest.digest))
        #expect(states.withLock { $0.values.allSatisfy { $0.last == .existed } })
    }

    @Test("blobs of a sibling are mounted")
    func mounts() async throws {
        try await ImagePush(repository("a"), from: sample.blobs).run(sample.image.manifest, as: .tag("1"))
        let states = Locked<[TransferProgress.State]>([])
        var push = ImagePush(repository("b"), from: sample.blobs)
        push.sources = { _ in ["nowhere", "a"] }
        push.observer = { progress in states.withLock { $0.append(progress.state) } }
        try await push.run(sample.image.manifest, as: .tag("1"))
        #expect(states.withLock { $0.filter { $0 == .mounted }.count } == 3)
        let image = try await repository("b").image(.tag("1"), for: .host)
        #expect(image.manifest == sample.manifest)
    }

    @Test("an image of another platform is pulled only by who did not ask for one")
    func platform() async throws {
        try await ImagePush(repository("a"), from: sample.blobs).run(sample.image.manifest, as: .tag("1"))
        let pull = ImagePull(repository("a"), into: try directory("target"))
        _ = try await pull.run(.tag("1"))
        do {
            _ = try await pull.run(.tag("1"), for: Platform("linux/arm64"))
            Issue.record("nothing was thrown")
        } catch let error as RegistryError {
            #expect(error.reason == .noPlatform("linux/arm64/v8", offered: ["linux/amd64"]))
        }
    }

    @Test("a pull that fails leaves no manifest and no part of a blob")
    func failure() async throws {
        let bad = try BadRegistry.shared()
        for way in ["wrongdigest", "truncated", "alwayscut", "lyinglength"] {
            let target = try directory(way)
            let pull = ImagePull(bad.repository("\(way)/pull", try .impatient(attempts: 2)), into: target)
            await #expect(throws: RegistryError.self) { _ = try await pull.run(.tag("1")) }
            let names = try Programs.run("find", "\(real.directory.path)/\(way)", "-type", "f")
            #expect(names.split(separator: "\n").count == 1)
            #expect(names.contains(try bad["config"].digest.hex))
        }
    }

    @Test("an image with one layer twice moves it once")
    func twice() async throws {
        var manifest = sample.manifest
        let config = ImageConfig(
            platform: Platform(os: "linux", architecture: "amd64"),
            diffIDs: [try Digest(of: sample.layers[0]), try Digest(of: sample.layers[0])])
        manifest.config = try config.descriptor()
        manifest.layers = [manifest.layers[0], manifest.layers[0]]
        try sample.blobs.keep(config.bytes)
        try sample.blobs.keep(manifest.bytes)
        try await ImagePush(repository("twice"), from: sample.blobs).run(try manifest.descriptor(), as: .tag("1"))
        _ = try await ImagePull(repository("twice"), into: try directory("target")).run(.tag("1"))
    }

    @Test("skopeo and we pull the same from what the other pushed")
    func skopeo() async throws {
        try ImageArchive.save([sample.image], from: sample.blobs, toDirectory: Array("\(real.directory.path)/dir".utf8))
        try Programs.run(
            "skopeo", "copy", "--dest-tls-verify=false", "oci:\(real.directory.path)/dir:1",
            "docker://\(real.name)/theirs:1")
        let outcome = try await ImagePull(repository("theirs"), into: try directory("target")).run(.tag("1"))
        #expect(outcome.image.manifest.config == sample.manifest.config)
        try await ImagePush(repository("ours"), from: sample.blobs).run(sample.image.manifest, as: .tag("1"))
        try Programs.run(
            "skopeo", "copy", "--src-tls-verify=false", "docker://\(real.name)/ours:1",
            "dir:\(real.directory.path)/copied")
        let layer = try FD.workingDirectory.status(
            "\(real.directory.path)/copied/\(sample.manifest.layers[1].digest.hex)")
        #expect(layer.size == UInt64(sample.manifest.layers[1].size))
    }
}
