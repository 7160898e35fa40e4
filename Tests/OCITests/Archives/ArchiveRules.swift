import CLinux
import Glibc
import Linux
import OCI
import Testing

/// Images in files: ours, skopeo's, and those of every version of `docker save`.
@Suite struct ArchiveRules {
    let directory: TemporaryDirectory
    let sample: SampleImage

    init() throws {
        directory = try TemporaryDirectory()
        sample = try SampleImage(in: "\(directory.path)/source")
    }

    private var target: BlobDirectory {
        get throws { try BlobDirectory(making: Array("\(directory.path)/target".utf8)) }
    }

    private func save(_ name: String, _ format: ImageArchive.Format, _ images: [ArchivedImage]? = nil) throws -> String
    {
        let path = "\(directory.path)/\(name)"
        let file = try FD.workingDirectory.open(path, [.writeOnly, .create, .truncate], mode: 0o644)
        try ImageArchive.save(images ?? [sample.image], from: sample.blobs, to: file.fd, as: format)
        return path
    }

    private func load(_ path: String) throws -> [ArchivedImage] {
        let file = try FD.workingDirectory.open(path, .readOnly)
        return try ImageArchive.load(file.fd, into: try target, for: try Platform("linux/amd64"))
    }

    @Test(
        "what is saved is loaded again, the same manifest under the same names", arguments: ImageArchive.Format.allCases
    )
    func roundTrip(format: ImageArchive.Format) throws {
        #expect(try load(try save("a.tar", format)) == [sample.image])
        #expect(try target.size(of: sample.manifest.layers[1].digest) == sample.manifest.layers[1].size)
    }

    @Test("the same images give the same bytes")
    func determinism() throws {
        let first = try FD.workingDirectory.contents(of: try save("a.tar", .docker), atMost: 64 << 20)
        let second = try FD.workingDirectory.contents(of: try save("b.tar", .docker), atMost: 64 << 20)
        #expect(first == second)
    }

    @Test("several images and names go into one archive, each blob once")
    func several() throws {
        let other = ArchivedImage(
            names: [try Reference("localhost:5000/other:2"), try Reference("busybox:x")],
            manifest: sample.image.manifest)
        let path = try save("a.tar", .docker, [sample.image, other])
        let names = try Programs.run("tar", "-tf", path).split(separator: "\n")
        #expect(Set(names).count == names.count)
        // One manifest: all its names.
        #expect(try load(path).map(\.names) == [sample.image.names + other.names])
    }

    @Test("an archive comes through a pipe, compressed or not", arguments: ["cat", "gzip -c", "zstd -c"])
    func pipe(compressor: String) throws {
        let path = try save("a.tar", .docker)
        let stream = try #require(popen("\(compressor) <\(path)", "re"))
        defer { pclose(stream) }
        let images = try ImageArchive.load(FD(fileno(stream)), into: try target, for: try Platform("linux/amd64"))
        #expect(images == [sample.image])
    }

    @Test("skopeo reads what we save: docker-archive, oci-archive and directory")
    func toSkopeo() throws {
        let digest = sample.image.manifest.digest
        let docker = try save("docker.tar", .docker)
        let config = try Programs.run("skopeo", "inspect", "--config", "docker-archive:\(docker):team/app:1")
        #expect(config.contains("\"created_by\": \"top\""))
        let oci = try save("oci.tar", .oci)
        #expect(try Programs.run("skopeo", "inspect", "oci-archive:\(oci):1").contains(digest.description))
        try ImageArchive.save([sample.image], from: sample.blobs, toDirectory: Array("\(directory.path)/dir".utf8))
        #expect(try Programs.run("skopeo", "inspect", "oci:\(directory.path)/dir:1").contains(digest.description))
        // All of it, with every digest checked.
        try Programs.run("skopeo", "copy", "docker-archive:\(docker)", "dir:\(directory.path)/copied")
        try Programs.run(
            "umoci", "unpack", "--rootless", "--image", "\(directory.path)/dir:1", "\(directory.path)/bundle")
        #expect(try FD.workingDirectory.status("\(directory.path)/bundle/rootfs/file19").size > 0)
    }

    @Test(
        "we read what skopeo saves", arguments: ["docker-archive:ARCHIVE:team/app:1", "oci-archive:ARCHIVE:team/app:1"])
    func fromSkopeo(target: String) throws {
        let archive = "\(directory.path)/skopeo.tar"
        try ImageArchive.save([sample.image], from: sample.blobs, toDirectory: Array("\(directory.path)/dir".utf8))
        let destination = target.split(separator: "ARCHIVE", maxSplits: 1).joined(separator: archive)
        try Programs.run("skopeo", "copy", "oci:\(directory.path)/dir:1", destination)
        let images = try load(archive)
        #expect(images.map(\.names) == [[try Reference("team/app:1")]])
        let manifest = try ImageManifest(parsing: try self.target.document(images[0].manifest.digest))
        #expect(manifest.config.digest == sample.manifest.config.digest)
        #expect(manifest.layers.count == 2)
    }

    @Test("an OCI directory is read with its blobs verified, and keeps what it held when it is written again")
    func directories() throws {
        let at = Array("\(directory.path)/dir".utf8)
        try ImageArchive.save([sample.image], from: sample.blobs, toDirectory: at)
        let other = ArchivedImage(names: [try Reference("other:2")], manifest: sample.image.manifest)
        try ImageArchive.save([other], from: sample.blobs, toDirectory: at)
        try ImageArchive.save([other], from: sample.blobs, toDirectory: at)
        func load() throws -> [ArchivedImage] {
            let opened = try FD.workingDirectory.open(at.cPath, [.readOnly, .directory])
            return try ImageArchive.load(directory: opened, into: try target, for: try Platform("linux/amd64"))
        }
        #expect(try load() == [ArchivedImage(names: sample.image.names + other.names, manifest: sample.image.manifest)])
        let blob = "dir/blobs/sha256/\(sample.manifest.layers[0].digest.hex)"
        try FD.workingDirectory.removeTree("\(directory.path)/target")
        try directory.write(blob, [UInt8](repeating: 1, count: Int(sample.manifest.layers[0].size)))
        #expect(throws: ArchiveError.self) { try load() }
        try directory.write(blob, [1])
        #expect(throws: ArchiveError.self) { try load() }
    }

    @Test("an image of another platform is refused with what there is")
    func platforms() throws {
        var foreign = sample.image.manifest
        foreign.platform = Platform(os: "linux", architecture: "s390x")
        let image = ArchivedImage(names: sample.image.names, manifest: foreign)
        let path = try save("a.tar", .oci, [image])
        do {
            _ = try load(path)
            Issue.record("nothing was thrown")
        } catch let error as ArchiveError {
            #expect(error.description == "read index.json: no image for linux/amd64; there is linux/s390x")
        }
    }
}
