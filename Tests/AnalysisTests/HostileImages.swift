import Analysis
import Linux
import OCI
import Testing

@Suite("Hostile and odd images give a report, or one clear line")
struct HostileImages {
    /// The report of an image, or the line that says why there is none.
    static func outcome(_ archive: [UInt8]) async throws -> String {
        let scratch = try Scratch()
        let path = try scratch.write("i.tar", archive)
        do {
            let found = try await ImageAnalysis.read(try LayerPassRules.open(path))
            var report = TextReport(found)
            _ = JSONReport.bytes(found)
            _ = HTMLPage.bytes(found)
            _ = DiveExport.bytes(found.figures)
            return report.text()
        } catch {
            let text = "\(error)"
            #expect(!text.contains("\n") && text.utf8.allSatisfy { $0 >= 0x20 })
            return text
        }
    }

    static func outcome(_ layers: [[UInt8]]) async throws -> String {
        try await outcome(try GeneratedImage(layers: layers).archive())
    }

    @Test("no layers, and five hundred")
    func counts() async throws {
        #expect(try await Self.outcome([[UInt8]]()).contains("Layers     0, 0 B of files"))
        let many = (0..<500).map { layer("f\($0 % 50)=\($0)") }
        #expect(try await Self.outcome(many).contains("Layers     500, "))
    }

    @Test("names that lead outside are refused by name")
    func leadingOutside() async throws {
        for name in ["../out", "a/../../out", "/absolute"] {
            var tar = TarText()
            tar.add(.init(name: Array(name.utf8), data: [1]))
            let text = try await Self.outcome([tar.finish()])
            #expect(text.hasPrefix("layer 1: unpack \(name): the name "), "\(text)")
        }
    }

    @Test("control characters of names reach no terminal")
    func escapes() async throws {
        var tar = TarText()
        tar.add(.init(name: Array("a\u{1b}[2J\u{202e}b".utf8), data: [1, 2]))
        var again = TarText()
        again.add(.init(name: Array("a\u{1b}[2J\u{202e}b".utf8), data: [3, 4]))
        let text = try await Self.outcome([tar.finish(), again.finish()])
        #expect(text.contains("/a\\u{1b}[2J\\u{202e}b"))
        #expect(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0a })
    }

    @Test("deep trees, links in circles and links to nothing")
    func shapes() async throws {
        var tar = TarText()
        tar.add(.init(name: Array(String(repeating: "d/", count: 1800).utf8) + [0x66], data: [1]))
        tar.add(.init(name: [0x61], type: UInt8(ascii: "1"), target: [0x62]))
        tar.add(.init(name: [0x62], type: UInt8(ascii: "1"), target: [0x61]))
        tar.add(.init(name: [0x63], type: UInt8(ascii: "2"), target: [0x63]))
        let whiteout = layer(".wh.d", ".wh.a", ".wh.nothing", ".wh..wh..opq")
        #expect(try await Self.outcome([tar.finish(), whiteout, layer("d=1")]).contains("Layers     3, 2 B of files"))
    }

    @Test("more names than memory should hold")
    func names() async throws {
        var tar = TarText()
        // Each is a chain of its own of 2,000 directories.
        for number in 0..<2100 {
            let name = "\(number)/" + String(repeating: "d/", count: 2000)
            tar.add(.init(name: Array(name.utf8), type: UInt8(ascii: "5")))
        }
        #expect(try await Self.outcome([tar.finish()]).contains("the image has more than 4000000 names"))
    }

    @Test("sizes that no disk has")
    func sizes() async throws {
        var tar = TarText()
        tar.add(.init(name: [0x61], data: [UInt8](repeating: 7, count: 512)))
        var bytes = tar.finish()
        // The size in base 256: 2^62 bytes.
        bytes.replaceSubrange(124..<136, with: [0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])
        bytes.replaceSubrange(148..<156, with: Array("        ".utf8))
        let sum = bytes[..<512].reduce(0) { $0 + Int($1) }
        bytes.replaceSubrange(148..<155, with: Array(("0" + String(sum, radix: 8) + "\0").utf8.prefix(7)))
        let text = try await Self.outcome([bytes])
        #expect(text.hasPrefix("layer 1: "), "\(text)")
    }

    @Test("an image for another platform is shown; a layer that is missing is named")
    func documents() async throws {
        var bytes = try GeneratedImage(layers: [layer("a=1")]).archive()
        let amd = Array("\"architecture\":\"".utf8)
        #expect(bytes.firstRange(of: amd) != nil)
        let place = try #require(bytes.firstRange(of: Array("0/layer.tar\"]".utf8)))
        bytes[place.lowerBound] = UInt8(ascii: "7")
        let text = try await Self.outcome(bytes)
        #expect(text.hasSuffix("read 7/layer.tar: manifest.json names it, but it is missing"))
    }

    @Test("random damage never ends the process")
    func damage() async throws {
        let bytes = try LayerPassRules.image().archive()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<150 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                // Not the many bytes of data, in which nothing can go wrong.
                let place = Int.random(in: 0..<4096, using: &random)
                damaged[Bool.random(using: &random) ? place : bytes.count - 1 - place] = .random(in: 0...255)
            }
            _ = try await Self.outcome(damaged)
        }
    }
}
