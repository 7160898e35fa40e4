import Analysis
import Linux
import OCI
import Testing

@Suite("Opening what a user names")
struct OpeningRules {
    let scratch: Scratch
    let store: Store
    let archive: String
    let image: Digest

    /// A store with one image of two layers, and its archive.
    init() throws {
        scratch = try Scratch()
        let generated = GeneratedImage(
            layers: [layer("d/a=1", "d/b=22", "e=333"), layer("f=4444")], history: [("one", false), ("two", false)])
        archive = try scratch.write("i.tar", try generated.archive())
        store = try Store(at: Array("\(scratch.path)/store".utf8))
        let lease = try store.lease()
        let file = try FD.workingDirectory.open(Array(archive.utf8).cPath, .readOnly)
        let loaded = try ImageArchive.load(file.fd, into: try lease.blobs())
        let found = try #require(loaded.first)
        try store.record(found.manifest, as: found.names.first)
        image = found.manifest.digest
        withExtendedLifetime(lease) {}
    }

    func shown(_ name: String, _ opener: ImageOpener? = nil) async throws -> [String] {
        let store = store
        let opened = try (opener ?? ImageOpener(store: { () throws(AnalysisError) in store })).open(Array(name.utf8))
        let tree = ImageTree.build(try await LayerPass().read(opened).map(\.contents))
        return TreeRules.listing(tree, at: tree.layers.count - 1)
    }

    static let whole = ["d/", "d/a", "d/b", "e", "f"]

    @Test("an image of the store by name, by id, by digest; an archive by path; an OCI directory")
    func places() async throws {
        let id = try store.load(try #require(try store.images().first).image).manifest.config.digest
        for name in ["generated:1", "generated", String(id.hex.prefix(12)), id.description, image.description] {
            // `generated` alone is `generated:latest`, which there is not.
            if name == "generated" {
                await #expect { try await shown(name) } throws: {
                    "\($0)".contains("no image or container of that name")
                }
            } else {
                #expect(try await shown(name) == Self.whole, "\(name)")
            }
        }
        #expect(try await shown(archive) == Self.whole)
        #expect(try await shown("docker-archive://\(archive)") == Self.whole)
        #expect(try await shown("docker-archive:\(archive):generated:1") == Self.whole)
        #expect(try await shown("oci:\(scratch.path)/store") == Self.whole)
        await #expect { try await shown("docker-archive:\(archive):other:1") } throws: {
            "\($0)".hasSuffix("no image other:1 in it; there is generated:1")
        }
    }

    @Test("a container: its image with what it changed as a last layer")
    func container() async throws {
        let upper = "\(scratch.path)/upper"
        try FD.workingDirectory.makeDirectory(Array(upper.utf8).cPath, mode: 0o755)
        _ = try scratch.write("upper/new", [7])
        _ = try scratch.write("upper/.wh.e", [])
        let store = store
        let image = image
        let opener = ImageOpener(store: { () throws(AnalysisError) in store }) { _, name in
            name == "box"
                ? ImageOpener.FoundContainer(
                    title: "box", image: image, execution: Execution(), changes: LayerSource(upper: Array(upper.utf8)))
                : nil
        }
        #expect(try await shown("box", opener) == ["d/", "d/a", "d/b", "f", "new"])
        #expect(try await shown("container:box", opener) == ["d/", "d/a", "d/b", "f", "new"])
        // An upper that cannot be read is an error, not an empty layer.
        try FD.workingDirectory.removeTree(Array(upper.utf8).cPath)
        await #expect { try await shown("box", opener) } throws: {
            "\($0)".hasPrefix("layer 3: ") && "\($0)".contains("No such file")
        }
    }
}
