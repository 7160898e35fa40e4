import Linux
import OCI
import Testing

@Suite("Names and ids: tag, rmi, and what stands for an image") struct NameCommands {
    private let workshop: Workshop
    private let image: Store.Image

    init() throws {
        workshop = try Workshop()
        image = try workshop.image("a:1", layers: ["echo 1 >f"])
    }

    private func names() throws -> [String] {
        try workshop.store.images().flatMap { $0.names.map(\.familiar) }.sorted()
    }

    @Test("Every beginning of an id that is unique, with and without algorithm, and every spelling of a name")
    func spellings() throws {
        let manifest = image.descriptor.digest
        for text in [
            image.id.hex, "\(image.id)", String(image.id.hex.prefix(12)), String(image.id.hex.prefix(5)),
            "\(manifest)", String(manifest.hex.prefix(12)), "a:1", "docker.io/library/a:1", "library/a:1",
            "index.docker.io/library/a:1", "a@\(manifest)", "a:1@\(manifest)",
        ] {
            #expect(try workshop.shell("shale inspect -f '{{.Id}}' \(text)") == "\(image.id)\n", "\(text)")
        }
        for text in ["a", "a:2", "b:1", "A:1", "-", "sha256:", String(image.id.hex.dropFirst())] {
            let result = try workshop.run("shale inspect --type image -- '\(text)'")
            #expect(result.status == 125 && result.output == "[]\n", "\(text)")
            #expect(
                result.errors.hasPrefix("shale: find image ") && result.errors.hasSuffix(": there is none\n"), "\(text)"
            )
        }
    }

    @Test("A beginning that several ids have is refused, and they are named")
    func ambiguous() throws {
        // A dozen and a half of ids share one first digit at least.
        let ids = try (0..<17).map { number in
            try workshop.image(nil, layers: ["echo 1 >f"]) { $0.author = "\(number)" }.id.hex
        }
        let digit = try #require("0123456789abcdef".first { digit in ids.count { $0.first == digit } > 1 })
        let result = try workshop.run("shale tag \(digit) b")
        #expect(result.status == 125)
        #expect(result.errors.contains(" images begin so: "))
        let shown = ids.filter { $0.first == digit && result.errors.contains($0.prefix(24)) }
        #expect(!shown.isEmpty)
        #expect(try names() == ["a:1"])
    }

    @Test("A tag is another name, and takes it from whatever had it")
    func tag() throws {
        let other = try workshop.image("b", layers: ["echo 2 >f"])
        try workshop.shell("shale tag \(image.id.hex.prefix(9)) b; shale tag a:1 127.0.0.1:5000/x/y:z")
        #expect(try names() == ["127.0.0.1:5000/x/y:z", "a:1", "b:latest"])
        #expect(try workshop.shell("shale images -q --filter dangling=true") == "\(other.id.hex.prefix(12))\n")
        let digest = try workshop.run("shale tag a:1 b@\(image.descriptor.digest)")
        #expect(digest.status == 2 && digest.errors.contains("a name with a digest cannot be given"))
        #expect(try workshop.run("shale tag a:1 B").status == 2)
        #expect(try workshop.run("shale tag nothing c").status == 125)
    }

    @Test("rmi takes names away, and the image with the last one, and its content")
    func remove() throws {
        try workshop.shell("shale tag a:1 a:2; shale tag a:1 b")
        #expect(try workshop.shell("shale rmi a:2") == "Untagged: a:2\n")
        let conflict = try workshop.run("shale rmi \(image.id.hex.prefix(12))")
        #expect(conflict.status == 125 && conflict.output == "")
        #expect(conflict.errors.hasSuffix("it has names in several repositories; -f removes all\n"))
        #expect(try workshop.shell("shale rmi b") == "Untagged: b:latest\n")
        #expect(try workshop.shell("shale rmi a:1") == "Untagged: a:1\nDeleted: \(image.id)\n")
        #expect(try workshop.shell("ls store/blobs/sha256 store/layers | grep -v :") == "\n")
    }

    @Test("By its id an image goes with all its names; one name that is not there hinders no other")
    func removeMany() throws {
        try workshop.shell("shale tag a:1 a:2; shale tag a:1 b")
        let result = try workshop.run("shale rmi -f nothing \(image.id.hex.prefix(12)) nothing2")
        #expect(result.status == 125)
        #expect(result.output == "Untagged: a:1\nUntagged: a:2\nUntagged: b:latest\nDeleted: \(image.id)\n")
        #expect(
            result.errors == "shale: find image nothing: there is none\nshale: find image nothing2: there is none\n")
    }

    @Test("An image that a container is made of stays, and without -f its last name too")
    func used() throws {
        try workshop.shell("shale tag a:1 b")
        try workshop.container("c0ffee0123456789", of: image)
        #expect(try workshop.shell("shale rmi b") == "Untagged: b:latest\n")
        let refused = try workshop.run("shale rmi a:1")
        #expect(refused.status == 125 && refused.errors.contains("container c0ffee012345 is made of it"))
        #expect(try names() == ["a:1"])
        #expect(try workshop.shell("shale rmi -f a:1") == "Untagged: a:1\n")
        #expect(try workshop.shell("shale images -q") == "\(image.id.hex.prefix(12))\n")
        #expect(try workshop.shell("shale prune -a") == "Total reclaimed space: 0B\n")
        try workshop.store.removeContainer("c0ffee0123456789")
        #expect(try workshop.shell("shale rmi \(image.id.hex)") == "Deleted: \(image.id)\n")
    }

    @Test("prune: dangling images, or all that no container uses, but those that were chosen by age only")
    func prune() throws {
        let layer = try #require(image.manifest.layers.first).size
        #expect(try workshop.shell("shale prune -f") == "Total reclaimed space: 0B\n")
        let dangling = try workshop.image(nil, layers: ["echo 2 >f"]) { $0.created = "2023-01-01T00:00:00Z" }
        #expect(try workshop.shell("shale prune --filter until=2022-01-01") == "Total reclaimed space: 0B\n")
        let pruned = try workshop.shell("shale prune --filter until=24h")
        #expect(pruned.hasPrefix("Deleted Images:\ndeleted: \(dangling.descriptor.digest)\n\nTotal reclaimed space: "))
        let size = dangling.manifest.layers[0].size + dangling.manifest.config.size + dangling.descriptor.size
        #expect(pruned.hasSuffix(": \(size)B\n") == (size < 1000))
        #expect(layer > 0)
        #expect(try names() == ["a:1"])
        try workshop.store.cache(
            .init(diffID: dangling.config.diffIDs[0], blob: dangling.manifest.layers[0]), as: image.id, place: "RUN",
            parts: "")
        let lease = try workshop.store.lease()
        try lease.hold([image.descriptor.digest])
        #expect(try workshop.shell("shale prune -a --filter label=x") == "Total reclaimed space: 0B\n")
        #expect(try workshop.shell("shale prune -a") == "Deleted build cache: 1 steps\n\nTotal reclaimed space: 0B\n")
        #expect(try workshop.shell("shale prune -a") == "Total reclaimed space: 0B\n")
        withExtendedLifetime(lease) {}
    }

    @Test("The store is checked by doctor --store, which makes none")
    func doctor() throws {
        #expect(try workshop.shell("shale doctor --store") == "")
        #expect(try workshop.shell("shale doctor --store --format json") == "[]\n")
        try workshop.shell("rm store/blobs/sha256/\(image.manifest.layers[0].digest.hex); mkdir store/layers/odd")
        let result = try workshop.run("shale doctor --store")
        #expect(result.status == 1 && result.output.split(separator: "\n").count == 2, "\(result.output)")
        #expect(result.output.contains("its blob \(image.manifest.layers[0].digest) is missing"))
        let none = try workshop.run("'\(Workshop.shale)' doctor --store --root '\(workshop.path)/nothing'")
        #expect(none.status == 125 && none.errors.hasSuffix("/nothing: there is none\n"))
        #expect(try workshop.shell("ls") == "store\n")
    }
}
