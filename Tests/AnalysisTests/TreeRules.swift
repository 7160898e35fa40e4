import Analysis
import Changes
import Testing

/// A tar of `name`, or `name=content`; a slash at the end is a directory, `name>target` a symlink, `name+target` a hard link.
func layer(_ entries: String..., uid: UInt32 = 0, mode: UInt32 = 0o644) -> [UInt8] {
    var tar = TarText()
    for text in entries {
        let mark = text.firstIndex { "=>+".contains($0) }
        let name = Array((mark.map { text[..<$0] } ?? text[...]).utf8)
        let rest = Array((mark.map { text[text.index(after: $0)...] } ?? "").utf8)
        switch mark.map({ text[$0] }) {
        case ">": tar.add(.init(name: name, type: UInt8(ascii: "2"), target: rest, mode: 0o777, uid: uid))
        case "+": tar.add(.init(name: name, type: UInt8(ascii: "1"), target: rest, mode: mode, uid: uid))
        default:
            let isDirectory = name.last == 0x2f
            tar.add(
                .init(
                    name: name, type: UInt8(ascii: isDirectory ? "5" : "0"), data: rest,
                    mode: isDirectory ? 0o755 : mode, uid: uid))
        }
    }
    return tar.finish()
}

func analysis(_ layers: [UInt8]..., history: [String] = []) async throws -> ImageAnalysis {
    let scratch = try Scratch()
    let image = GeneratedImage(layers: layers, history: history.map { ($0, false) })
    return try await ImageAnalysis.read(try LayerPassRules.open(try scratch.write("i.tar", try image.archive())))
}

@Suite("The tree of an image")
struct TreeRules {
    /// What a layer's tree shows: paths in order, directories with a slash.
    static func listing(_ tree: ImageTree, at layer: Int) -> [String] {
        tree.nodes.indices.dropFirst().compactMap { index in
            tree.state(Int32(index), at: layer).map {
                String(decoding: tree.path(Int32(index)), as: UTF8.self) + (tree.isDirectory($0) ? "/" : "")
            }
        }.sorted()
    }

    @Test("whiteouts hide what is below, not what their own layer has")
    func whiteouts() async throws {
        let tree = try await analysis(
            layer("a/", "a/x=1", "a/y=2", "b=3", "c/d/e=4"),
            layer("a/x=5", ".wh.a", "c/.wh..wh..opq", "c/f=6", ".wh.none")
        ).tree
        #expect(Self.listing(tree, at: 0) == ["a/", "a/x", "a/y", "b", "c/", "c/d/", "c/d/e"])
        #expect(Self.listing(tree, at: 1) == ["a/", "a/x", "b", "c/", "c/f"])
        #expect(tree.changes[0].added == 7 && tree.changes[0].addedBytes == 4)
        #expect(tree.changes[1].added == 1 && tree.changes[1].modified == 1 && tree.changes[1].removed == 3)
        #expect(tree.changes[1].visibleBytes == 3 && tree.changes[1].visibleFiles == 3)
    }

    @Test("a file in the place of a directory takes what was in it away, and the other way round")
    func kinds() async throws {
        let tree = try await analysis(layer("a/b/c=1", "f=2"), layer("a=3", "f/g=4"), layer("a/b=5")).tree
        #expect(Self.listing(tree, at: 1) == ["a", "f/", "f/g"])
        #expect(Self.listing(tree, at: 2) == ["a/", "a/b", "f/", "f/g"])
    }

    @Test("what has several names counts once, as long as one is left")
    func hardLinks() async throws {
        let found = try await analysis(layer("a=hello", "b+a"), layer(".wh.a"), layer(".wh.b"))
        #expect(found.tree.changes.map(\.visibleBytes) == [5, 5, 0])
        #expect(found.tree.changes.map(\.hiddenBytes) == [0, 0, 5])
        #expect(found.reclaimable.bytes == 5)
    }

    @Test("a view marks what changed, up to the root, and sums what is there")
    func view() async throws {
        let tree = try await analysis(layer("d/e/a=12", "d/b=345", "k=6"), layer("d/e/a=78", "d/.wh.b", "n=9")).tree
        let view = TreeView(tree, from: 0, to: 1)
        func change(_ path: String) throws -> TreeView.Change {
            let node = try #require(tree.nodes.indices.first { tree.path(Int32($0)) == Array(path.utf8) })
            return view.changes[node]
        }
        #expect(try change("d") == .modified && change("d/e") == .modified && change("d/e/a") == .modified)
        #expect(try change("d/b") == .removed && change("k") == .unmodified && change("n") == .added)
        #expect(view.sizes[0] == 4)
    }
}

@Suite("What could be reclaimed")
struct WasteRules {
    static func items(_ found: Reclaimable) -> [String] {
        found.items.map {
            "\($0.reason.rawValue) /\(String(decoding: $0.path, as: UTF8.self)) \($0.bytes) \($0.files) "
                + "\($0.layer)\($0.by.map { ">\($0)" } ?? "") \($0.detail)"
        }.sorted()
    }

    @Test("each byte has one reason, with the layer that holds it and the one that hides it")
    func reasons() async throws {
        let found = try await analysis(
            layer("app/a=aaaa", "app/b=bbbbb", "old=123456", "gone/x/1=1", "gone/x/2=22", "same=777"),
            layer("app/a=aaaa", "app/b=bbbbb", uid: 7), layer("old=654321", ".wh.gone", "same=777"),
            layer("copy=654321", "root/.cache/pip/w=88888888", "var/lib/apt/lists/l=999"))
        #expect(
            Self.items(found.reclaimable) == [
                "deletedLater /gone 3 2 0>2 ", "duplicate /copy 6 1 3 as /old", "metadataChanged /app 9 2 0>1 owner",
                "packageCache /root/.cache/pip/w 8 1 3 pip cache", "packageCache /var/lib/apt/lists/l 3 1 3 apt lists",
                "repeated /same 3 1 0>2 ", "replacedLater /old 6 1 0>2 ",
            ])
        #expect(found.reclaimable.bytes == 38)
    }

    @Test("names that come twice in a layer, and data in whiteouts, are found unreachable")
    func unreachable() async throws {
        let found = try await analysis(layer("a=1", "a=22", ".wh.b=333"))
        #expect(Self.items(found.reclaimable) == ["unreachable / 4 2 0 "])
        #expect(found.reclaimable.bytes == 4)
    }

    @Test("a secret that was deleted is named, one that still shows is not")
    func secrets() async throws {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nx"
        let found = try await analysis(
            layer("k/gone=\(key)", "k/here=\(key)2", "home/.npmrc=//r/:_authToken=x"),
            layer("k/.wh.gone", "home/.npmrc=//r/"), history: ["COPY", "RUN rm"])
        #expect(found.secrets.map { String(decoding: $0.path, as: UTF8.self) } == ["home/.npmrc", "k/gone"])
        #expect(found.secrets.map(\.kind) == ["npm token", "private key"])
        #expect(found.secrets.map(\.isDeleted) == [false, true])
    }
}

@Suite("Two images compared")
struct DifferenceRules {
    @Test("what is added, changed and deleted, with what is in directories, however the layers are cut")
    func differences() async throws {
        let old = try await analysis(layer("same=1", "mode=2", "gone/a=333", "file=4", "link>x"), layer("s2=5")).tree
        let new = try await analysis(
            layer("same=1", "mode=2", "s2=5", "link>x"), layer("mode=2", mode: 0o600),
            layer("file/b=55555", "link>y", "new=66")
        ).tree
        let changes = ImageDifference.changes(from: old, to: new).map {
            "\($0.kind.rawValue) \(String(decoding: $0.path, as: UTF8.self)) \($0.size)"
        }
        #expect(
            changes == [
                "C file 0", "A file/b 5", "D gone 0", "D gone/a 3", "C link 0", "C mode 1", "A new 2",
            ])
        #expect(ImageDifference.changes(from: new, to: new).isEmpty)
    }
}
