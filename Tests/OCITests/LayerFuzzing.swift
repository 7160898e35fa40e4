import Linux
import OCI
import Testing

@Suite struct LayerFuzzing {
    /// Reproducible: a failure names its seed.
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test(
        "Bytes changed at random never write outside, never crash and never leave half a layer",
        arguments: ["none", "gzip", "zstd"])
    func mutations(compression: String) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: 71, whiteouts: true)
        try scratch.shell("find tree -size +100k -delete; mkdir in")
        let built = try scratch.build(
            "tree", to: "layer", LayerCoding(try #require(Compression(rawValue: compression))))
        let sound = try FD.workingDirectory.contents(of: "\(scratch.path)/layer", atMost: 1 << 30)
        var accepted = 0
        for seed in 1...150 {
            var random = Random(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
            var bytes = sound
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.removeSubrange(position..<min(bytes.count, position + 512))
                case 3: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + 512)], at: position)
                default:
                    bytes.replaceSubrange(position..<min(bytes.count, position + 12), with: Array("../../../x".utf8))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            // Checksums made right again, or the first check would be the only one tried.
            if compression == "none" { Self.sign(&bytes) }
            try scratch.write("mutated", bytes)
            do throws(LayerError) {
                let read = try scratch.unpacking(
                    "mutated", to: "in/out", LayerUnpacker(limits: LayerLimits(allowance: 64 << 20)))
                if read.diffID != built.diffID { accepted += 1 }
                try? FD.workingDirectory.removeTree("\(scratch.path)/in/out")
            } catch {
                #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
            }
            let directory = try FD.workingDirectory.open("\(scratch.path)/in", [.readOnly, .directory])
            #expect(try directory.fd.isEmpty(), "seed \(seed)")
        }
        // Of a tar some changes are other sound tars; compressed, the checksums know all that matter.
        #expect(compression == "none" ? accepted > 0 : accepted == 0)
        #expect(try scratch.shell("ls -A").split(separator: "\n") == ["in", "layer", "mutated", "tree"])
    }

    private static func sign(_ bytes: inout [UInt8]) {
        var position = 0
        while position + 512 <= bytes.count {
            if bytes[position + 257..<position + 262].elementsEqual("ustar".utf8) {
                bytes.replaceSubrange(position + 148..<position + 156, with: Array("        ".utf8))
                let sum = String(bytes[position..<position + 512].reduce(0) { $0 + Int($1) }, radix: 8)
                let digits = Array((String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8)
                bytes.replaceSubrange(position + 148..<position + 156, with: digits)
            }
            position += 512
        }
    }
}

extension FD {
    fileprivate func isEmpty() throws(Errno) -> Bool {
        var empty = true
        try forEachEntry { _ in
            empty = false
            return false
        }
        return empty
    }
}
