import Linux
import OCI
import Testing

@Suite("Images are unpacked once, several layers at a time") struct UnpackingRules {
    private func paths(_ image: Store.Image, _ workshop: Workshop) -> [String] {
        image.config.diffIDs.reversed().map { "\(workshop.path)/store/layers/\($0.hex)" }
    }

    private func unpack(_ image: Store.Image, _ workshop: Workshop) throws -> [String] {
        let lease = try workshop.store.lease()
        return try workshop.store.unpacked(image, lease).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Every layer is there, from top to bottom, and stays what it is the next time")
    func once() throws {
        let workshop = try Workshop()
        let image = try workshop.image("a", layers: (1...5).map { "echo \($0) >f; echo \($0) >f\($0)" })
        #expect(try unpack(image, workshop) == paths(image, workshop))
        let before = try workshop.shell("stat -c '%n %i %z' store/layers/*/*; cat store/layers/*/f | sort")
        #expect(before.hasSuffix("1\n2\n3\n4\n5\n"))
        #expect(try unpack(image, workshop) == paths(image, workshop))
        #expect(try workshop.shell("stat -c '%n %i %z' store/layers/*/*; cat store/layers/*/f | sort") == before)
        #expect(try workshop.store.layerSize(image.config.diffIDs[0]) != nil)
        #expect(try workshop.shell("ls store/ingest store/leases | grep -v : || true") == "\n")
    }

    @Test("Of a layer that comes twice only the upper one is a lower")
    func twice() throws {
        let workshop = try Workshop()
        let image = try workshop.image("a", layers: ["echo 1 >f", "echo 2 >f", "echo 1 >f"])
        #expect(try unpack(image, workshop) == [paths(image, workshop)[0], paths(image, workshop)[1]])
    }

    @Test("One damaged layer, and no layer is new")
    func damaged() throws {
        let workshop = try Workshop()
        let image = try workshop.image("a", layers: (1...6).map { "seq \($0) 4000 >f" })
        let blob = "store/blobs/sha256/\(image.manifest.layers[3].digest.hex)"
        try workshop.shell("printf X | dd of=\(blob) bs=1 seek=400 conv=notrunc status=none")
        let error = #expect(throws: StoreError.self) { _ = try unpack(image, workshop) }
        #expect(error?.kind == .damaged)
        #expect(try workshop.shell("ls -A store/layers store/ingest | grep -v : || true") == "\n")
    }

    @Test("A layer whose tar is not what the configuration promises is refused")
    func lies() throws {
        let workshop = try Workshop()
        let other = try workshop.image(nil, layers: ["echo other >f"]).config.diffIDs[0]
        let image = try workshop.image("a", layers: ["echo 1 >f"]) { $0.diffIDs = [other] }
        let error = #expect(throws: StoreError.self) { _ = try unpack(image, workshop) }
        #expect(error?.description.contains("not \(other)") == true)
        #expect(!workshop.store.hasLayer(other))
    }

    @Test("Whoever unpacks the same image at the same time gets the same layers")
    func together() async throws {
        let workshop = try Workshop()
        let image = try workshop.image("a", layers: (1...4).map { "seq \($0) 20000 >f" })
        let wanted = paths(image, workshop)
        let path = Array("\(workshop.path)/store".utf8)
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let store = try Store(at: path)
                    let lease = try store.lease()
                    return try store.unpacked(image, lease).map { String(decoding: $0, as: UTF8.self) }
                }
            }
            for try await found in group { #expect(found == wanted) }
        }
        #expect(try Validator(workshop.store).problems() == [])
        #expect(try workshop.shell("ls store/layers | wc -l; ls -A store/ingest") == "4\n")
    }

    @Test("A tar that ends with its last file's data is whole, as umoci writes them; one that lacks data is not")
    func unpadded() throws {
        let workshop = try Workshop()
        try workshop.shell(
            "seq 1000 >f; tar -cf t --format=ustar f; head -c $((512 + $(stat -c %s f))) t >whole; head -c -1 whole >short"
        )
        #expect(
            try workshop.shell(
                "'\(Workshop.shale)' layer apply whole out >/dev/null; cmp f out/f; gzip -c whole | '\(Workshop.shale)' layer verify - | grep -c sha256"
            ) == "2\n")
        let short = try workshop.run("'\(Workshop.shale)' layer verify short")
        #expect(short.status == 1 && short.errors.hasPrefix("shale: read layer f: Truncated"), "\(short)")
        #expect(try workshop.run("head -c 600 t | '\(Workshop.shale)' layer verify -").status == 1)
        #expect(try workshop.run("head -c 300 t | '\(Workshop.shale)' layer verify -").status == 1)
    }
}
