import OCI
import Testing

@Suite struct HostileLayers {
    static let kinds: [String] = {
        let names = try? Scratch().shell("python3 \(Scratch.fixtures)/hostile.py")
        return names?.split(separator: "\n").map(String.init) ?? []
    }()

    @Test("There are archives to try") func some() { #expect(Self.kinds.count > 40) }

    @Test("A hostile or damaged archive ends in one line, and leaves nothing", arguments: kinds)
    func refused(kind: String) throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir in; echo mine >in/victim; python3 \(Scratch.fixtures)/hostile.py \(kind) layer")
        for body in [
            { _ = try scratch.unpack("layer", to: "in/out") }, { _ = try scratch.verify("layer") },
            { _ = try scratch.unpack("layer", to: "in/out", LayerUnpacker(ownership: .recorded)) },
        ] {
            do {
                try body()
                Issue.record("\(kind) was accepted")
            } catch let error as LayerError {
                #expect(error.kind == .refused, "\(error)")
                #expect(!error.description.contains("\n") && error.description.count < 400, "\(error)")
            }
        }
        #expect(
            try scratch.shell("ls -A in; cat in/victim; ls /tmp/shale-escaped 2>/dev/null || true") == "victim\nmine\n")
        #expect(try scratch.shell("find . -name '*escaped*' -o -name '.shale*'") == "")
    }

    @Test("A decompression bomb is stopped long before it is unpacked")
    func bomb() throws {
        let scratch = try Scratch()
        try scratch.shell("python3 \(Scratch.fixtures)/hostile.py bomb layer")
        let limits = LayerLimits(allowance: 16 << 20)
        let error = #expect(throws: LayerError.self) {
            try scratch.unpack("layer", to: "out", LayerUnpacker(limits: limits))
        }
        #expect(
            error?.description == "unpack layer: decompressed it is more than 200 times its size: a decompression bomb")
        let large = #expect(throws: LayerError.self) {
            try scratch.verify("layer", LayerUnpacker(limits: LayerLimits(tarSize: 1 << 20)))
        }
        #expect(large?.description == "unpack layer: more than 1048576 bytes when decompressed")
        let many = #expect(throws: LayerError.self) {
            try scratch.shell("mkdir t; touch t/{1..20}")
            try scratch.build("t", to: "many")
            try scratch.unpack("many", to: "out", LayerUnpacker(limits: LayerLimits(entries: 19)))
        }
        #expect(many?.description == "unpack layer: more than 19 entries")
        let named = #expect(throws: LayerError.self) {
            try scratch.verify("many", LayerUnpacker(limits: LayerLimits(names: 10)))
        }
        #expect(named?.description == "unpack layer: more than 10 bytes of names and attributes")
        #expect(try scratch.shell("ls") == "layer\nmany\nt\n")
    }

    @Test("A wrong digest leaves nothing")
    func digests() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir t; echo x >t/f")
        let built = try scratch.build("t", to: "layer")
        for unpacker in [LayerUnpacker(digest: built.diffID), LayerUnpacker(diffID: built.descriptor.digest)] {
            let error = #expect(throws: LayerError.self) { try scratch.unpack("layer", to: "out", unpacker) }
            #expect(error?.kind == .refused)
            #expect(error?.description.hasPrefix("verify layer: the ") == true)
        }
        #expect(try scratch.shell("ls -A") == "layer\nt\n")
    }

    @Test("A directory that has something in it is not touched")
    func occupied() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir t out empty; echo x >out/mine; echo y >file")
        try scratch.build("t", to: "layer")
        for target in ["out", "file", "missing/out", "."] {
            #expect(throws: LayerError.self) { try scratch.unpack("layer", to: target) }
        }
        try scratch.unpack("layer", to: "empty/")
        #expect(try scratch.shell("cat out/mine file; ls -A") == "x\ny\nempty\nfile\nlayer\nout\nt\n")
    }
}
