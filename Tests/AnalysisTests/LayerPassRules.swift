import Analysis
import Linux
import OCI
import Testing

@Suite("A pass over layers")
struct LayerPassRules {
    /// Keeps what it is given of each file.
    struct Keeper: LayerVisitor {
        var wish: ContentWish
        var current: [UInt8] = []
        var kept: [[UInt8]: [UInt8]] = [:]

        mutating func visit(_ entry: LayerEntry) -> ContentWish {
            current = []
            return entry.kind == .file ? wish : .nothing
        }
        mutating func take(_ bytes: UnsafeRawBufferPointer, at offset: Int64) { current += bytes }
        mutating func end(_ entry: LayerEntry) { if entry.kind == .file { kept[entry.path] = current } }
    }

    static func open(_ path: String) throws -> OpenedImage {
        try ImageOpener(store: { () throws(AnalysisError) in throw AnalysisError("no store here") })
            .open(Array(path.utf8))
    }

    static func image() throws -> GeneratedImage {
        var first = TarText()
        first.add(.init(name: Array("d/".utf8), type: UInt8(ascii: "5"), mode: 0o755))
        first.add(.init(name: Array("d/file".utf8), data: Array("hello".utf8), mode: 0o4755, uid: 7, gid: 8))
        first.add(.init(name: Array("d/link".utf8), type: UInt8(ascii: "1"), target: Array("d/file".utf8)))
        first.add(.init(name: Array("d/sym".utf8), type: UInt8(ascii: "2"), target: [0xff, 0x2f]))
        first.add(.init(name: [0xfe, 0x61], data: [UInt8](repeating: 1, count: 300_000)))
        var second = TarText()
        second.add(.init(name: Array("d/.wh.file".utf8)))
        second.add(.init(name: Array("d/.wh..wh..opq".utf8)))
        second.add(.init(name: Array(".wh..wh.plnk/1.2".utf8), data: [9]))
        second.add(.init(name: Array("zero".utf8), type: UInt8(ascii: "3"), major: 1, minor: 5))
        return GeneratedImage(
            layers: [first.finish(), second.finish()], history: [("one", false), ("env", true), ("two", false)])
    }

    @Test("gives entries with their bytes, whiteouts told from files, steps aligned with layers")
    func entries() async throws {
        let scratch = try Scratch()
        let image = try Self.open(try scratch.write("image.tar", try Self.image().archive()))
        #expect(image.names.map(\.familiar) == ["generated:1"])
        #expect(image.layers.map(\.instruction) == ["one", "two"])
        let layers = try await LayerPass().read(image) { _ in [Keeper(wish: .everything), Keeper(wish: .first(2))] }
        let first = layers[0].contents.entries
        #expect(first.map(\.kind) == [.directory, .file, .hardLink, .symlink, .file])
        #expect(first[1].mode == 0o4755 && first[1].uid == 7 && first[1].gid == 8 && first[1].size == 5)
        #expect(first[1].content != nil && first[1].content != first[4].content)
        #expect(first[2].target == Array("d/file".utf8))
        #expect(first[3].target == [0xff, 0x2f])
        #expect(first[4].path == [0xfe, 0x61])
        let second = layers[1].contents.entries
        #expect(second.map(\.kind) == [.whiteout, .opaque, .bookkeeping, .characterDevice])
        #expect(second[0].path == Array("d/file".utf8) && second[0].storedPath == Array("d/.wh.file".utf8))
        #expect(second[1].path == Array("d".utf8) && second[1].storedPath == Array("d/.wh..wh..opq".utf8))
        #expect(second[3].device == DeviceNumber(major: 1, minor: 5))
        let whole = try #require(layers[0].visitors[0] as? Keeper)
        #expect(whole.kept[[0xfe, 0x61]]?.count == 300_000)
        let beginning = try #require(layers[0].visitors[1] as? Keeper)
        #expect(beginning.kept[Array("d/file".utf8)] == Array("he".utf8))
    }

    @Test("reads a compressed archive as it reads a plain one")
    func compressed() async throws {
        let scratch = try Scratch()
        let path = try scratch.write("image.tar", try Self.image().archive())
        let plain = try await LayerPass().read(try Self.open(path))
        try run("gzip", "-k", path)
        let packed = try await LayerPass().read(try Self.open(path + ".gz"))
        #expect(packed.map { $0.contents.entries.map(\.path) } == plain.map { $0.contents.entries.map(\.path) })
        #expect(packed.map(\.contents.diffID) == plain.map(\.contents.diffID))
    }

    @Test("refuses a layer that is not what the configuration promises")
    func wrongContent() async throws {
        let scratch = try Scratch()
        var bytes = try Self.image().archive()
        let place = try #require(bytes.firstRange(of: Array("hello".utf8))?.lowerBound)
        bytes[place] = UInt8(ascii: "j")
        let image = try Self.open(try scratch.write("image.tar", bytes))
        await #expect { try await LayerPass().read(image) } throws: {
            "\($0)".hasPrefix("layer 1: verify layer: its tar is sha256:")
        }
    }

    @Test("an archive that ends too early is refused in one line")
    func truncated() throws {
        let scratch = try Scratch()
        let bytes = try Self.image().archive()
        for count in [100, 700, 5000, bytes.count / 2] {
            let path = try scratch.write("short.tar", Array(bytes.prefix(count)))
            #expect {
                let image = try Self.open(path)
                Issue.record("opened \(image.layers.count) layers")
            } throws: {
                !"\($0)".contains("\n") && "\($0)".hasPrefix("open ")
            }
        }
    }
}
