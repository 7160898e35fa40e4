import Linux
import Testing

@testable import OCI

@Suite struct StoreRules {
    private func problems(_ store: Store) throws -> [String] { try Validator(store).problems().map(\.description) }

    @Test("An image is there under its names, and other tools read the store")
    func layout() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("a/store"), seed: 1)
        let image = try work.addImage([1, 2, 3], as: try Reference("busybox"))
        try work.store.record(image, as: try Reference("localhost:5000/team/box:v1"))
        #expect(try work.store.image(named: try Reference("busybox")) == image)
        #expect(try work.store.image(named: try Reference("busybox@\(image.digest)")) == image)
        #expect(try work.store.image(named: try Reference("busybox:other")) == nil)
        #expect(
            try work.store.images().first?.names.map(\.familiar) == ["busybox:latest", "localhost:5000/team/box:v1"])
        let loaded = try work.store.load(image)
        #expect(loaded.manifest.layers.count == 3 && loaded.config.diffIDs.count == 3)
        for name in ["docker.io/library/busybox:latest", "localhost:5000/team/box:v1"] {
            #expect(
                try scratch.shell("skopeo inspect --raw oci:a/store:\(name)")
                    == String(decoding: loaded.manifest.bytes, as: UTF8.self))
        }
        try scratch.shell("skopeo --insecure-policy copy -q oci:a/store:docker.io/library/busybox:latest dir:copy")
        #expect(try problems(work.store) == [])
        let again = try Store(at: scratch.bytes("a/store"))
        #expect(try again.images() == work.store.images())
        #expect(try scratch.shell("stat -c %a a/store") == "700\n")
    }

    @Test("No name is given to an image that is not whole")
    func incomplete() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("store"), seed: 1)
        let image = try work.addImage([1, 2], as: nil)
        let layer = try work.store.load(image).manifest.layers[0]
        try scratch.shell("rm store/blobs/sha256/\(layer.digest.hex)")
        let missing = #expect(throws: StoreError.self) { try work.store.record(image, as: try Reference("x")) }
        #expect(missing?.kind == .missing && missing?.description.contains(layer.digest.hex) == true)
        #expect(try problems(work.store).count == 1)
        try scratch.shell("echo short >store/blobs/sha256/\(layer.digest.hex)")
        let damaged = #expect(throws: StoreError.self) { try work.store.record(image, as: try Reference("x")) }
        #expect(damaged?.kind == .damaged)
        #expect(try work.store.image(named: try Reference("x")) == nil)
        #expect(try problems(work.store).count == 2)
    }

    @Test("Prune removes what nothing refers to, and nothing else")
    func prune() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("store"), seed: 1)
        let name = try Reference("a")
        let first = try work.addImage([2, 4], as: name)
        let second = try work.addImage([4, 6], as: name)
        #expect(try work.store.images().count == 2)
        // Without a name it stays, until dangling images are to go.
        #expect(try work.store.prune() == PruneResult())
        try work.store.recordContainer("c1", of: first.digest)
        #expect(try work.store.prune(danglingImages: true) == PruneResult())
        #expect(throws: StoreError.self) { try work.store.remove(first.digest) }
        try work.store.removeContainer("c1")
        let result = try work.store.prune(danglingImages: true)
        #expect(result.images == 1 && result.blobs == 3 && result.layers == 1 && result.bytes > 0x4000)
        #expect(try work.store.images().map(\.image) == [second])
        #expect(try problems(work.store) == [])
        try work.store.remove(second.digest)
        #expect(try work.store.prune().blobs == 4)
        #expect(
            try scratch.shell("ls store/blobs/sha256 store/layers store/ingest store/leases | grep -v : || true")
                == "\n\n\n")
    }

    @Test("A lease keeps content that nothing refers to yet, and ends with its owner")
    func leases() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("store"), seed: 1)
        let digest = try Digest(of: [1, 2, 3])
        do {
            let lease = try work.store.lease()
            try lease.hold([digest])
            try work.store.blobs.keep([1, 2, 3])
            try scratch.shell("touch \(String(decoding: lease.directory, as: UTF8.self))/half")
            #expect(try Store(at: scratch.bytes("store")).prune() == PruneResult())
            #expect(try work.store.blobs.size(of: digest) == 3)
            _ = lease
        }
        // As a process that was killed leaves it.
        try scratch.shell("mkdir store/ingest/dead store/ingest/dead/x; touch store/leases/dead store/.123.partial")
        #expect(try work.store.prune().blobs == 1)
        #expect(
            try scratch.shell("ls -A store/ingest store/leases; ls -A store | grep partial || true")
                == "store/ingest:\n\nstore/leases:\n")
    }

    @Test("An upper becomes the layer that was built of it")
    func adopt() throws {
        let scratch = try Scratch()
        let store = try Store(at: scratch.bytes("store"))
        let lease = try store.lease()
        try scratch.shell("mkdir upper; echo x >upper/f")
        let built = try scratch.build("upper", to: "layer")
        try lease.hold([built.diffID])
        try store.adopt(scratch.bytes("upper"), as: built, lease)
        #expect(store.hasLayer(built.diffID))
        #expect(try scratch.read(String(decoding: store.layerPath(built.diffID), as: UTF8.self) + "/f") == "x\n")
        #expect(try store.layerSize(built.diffID) == built.tarSize)
        #expect(try store.blob(of: built.diffID) == nil)
        try scratch.shell("cp layer store/blobs/sha256/\(built.descriptor.digest.hex); mkdir upper; echo y >upper/f")
        #expect(try store.blob(of: built.diffID) == built.descriptor)
        try store.adopt(scratch.bytes("upper"), as: built, lease)
        #expect(try scratch.read(String(decoding: store.layerPath(built.diffID), as: UTF8.self) + "/f") == "x\n")
        #expect(try scratch.shell("ls -d upper || true").contains("No such file"))
    }

    @Test("A damaged blob is found; a hostile one leaves no layer")
    func damage() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("store"), seed: 1)
        try work.addImage([1], as: try Reference("a"))
        #expect(try problems(work.store) == [])
        let blob = try scratch.shell("ls -S store/blobs/sha256 | head -1").split(separator: "\n")[0]
        try scratch.shell(
            "printf X | dd of=store/blobs/sha256/\(blob) bs=1 seek=600 conv=notrunc status=none; mkdir store/layers/odd; echo >store/blobs/sha256/odd"
        )
        let found = try problems(work.store)
        #expect(found.count == 3 && found.contains { $0.hasPrefix("blob sha256:\(blob) is damaged") }, "\(found)")
        let digest = try Digest("sha256:\(blob)")
        let lease = try work.store.lease()
        let descriptor = ContentDescriptor(mediaType: .layer, digest: digest, size: 0)
        #expect(throws: StoreError.self) { try work.store.unpack(descriptor, as: digest, lease) }
        #expect(!work.store.hasLayer(digest))
    }

    @Test("A kill between index.json and the database is mended by whoever comes next")
    func mended() throws {
        let scratch = try Scratch()
        let work = try StoreWork(scratch.bytes("store"), seed: 1)
        try work.addImage([1], as: try Reference("a"))
        try scratch.shell(
            "cp store/index.json good; sed -i 's/library.a:latest/library\\/b:latest/g' store/index.json; rm store/oci-layout"
        )
        _ = try Store(at: scratch.bytes("store"))
        #expect(
            try scratch.shell("cmp good store/index.json; cat store/oci-layout") == "{\"imageLayoutVersion\":\"1.0.0\"}"
        )
        #expect(try problems(work.store) == [])
    }
}
