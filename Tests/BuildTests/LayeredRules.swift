import Dockerfile
import Linux
import OCI
import Testing

@testable import Build

/// Copies into and out of layers that are shown as one tree, in this process.
@Suite struct LayeredRules {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    private func layered(_ lowers: [String], writable: Bool = false) throws -> LayeredTree {
        let place = { (name: String) in bytes("\(self.shop.path)/\(name)") }
        return try LayeredTree(
            lowers.map(place), changes: writable ? .init(upper: place("upper"), work: place("work")) : nil)
    }

    private func copy(_ instruction: String, onto lowers: [String]) throws {
        let parsed = try Parsed(instruction)
        let selection = try shop.select(instruction)
        // What comes after must find the upper free.
        let tree = try layered(lowers, writable: true)
        try Copier(tree.root, CopyOptions()).copy(selection, to: Destination(parsed.copying.destination))
    }

    @Test(.asRoot) func theUpperHasWhatWasCopiedAndTheLayersStayAsTheyAre() throws {
        try shop.shell(
            """
            mkdir -p low/d/sub upper work context/sub; chmod 700 low/d; chmod 711 low/d/sub; ln -s d low/link
            echo old >low/d/f; echo kept >low/d/sub/k; echo new >context/f; echo more >context/sub/m; chmod 755 context/sub
            """)
        try copy("COPY . /link/", onto: ["low"])
        #expect(
            try shop.list("upper", "%y %m %P\\n")
                == ["d 700 d", "f 644 d/f", "d 755 d/sub", "f 644 d/sub/m"])
        #expect(try shop.shell("cat low/d/f upper/d/f; stat -c %a low/d/sub") == "old\nnew\n711\n")
        let all = SourceTree(try layered(["upper", "low"]))
        #expect(try all.contents(of: bytes("link/sub/k"), atMost: 10) == bytes("kept\n"))
        #expect(try all.contents(of: bytes("/link/../d/./f"), atMost: 10) == bytes("new\n"))
        #expect(try all.contents(of: bytes("link/none"), atMost: 10) == nil)
        #expect(try all.root.directory(bytes("d").cPath).names() == [bytes("f"), bytes("sub")])
    }

    @Test func anArchiveTakesThePlaceOfDirectoriesBelow() throws {
        try shop.shell(
            """
            mkdir -p low/x/deep/er low/y upper work t/y; echo hidden >low/x/deep/f; echo below >low/y/b
            echo file >t/x; echo above >t/y/a; ln t/x t/z; tar -C t -cf context/a.tar .
            """)
        try copy("ADD a.tar /", onto: ["low"])
        let all = SourceTree(try layered(["upper", "low"]))
        #expect(try all.contents(of: bytes("x"), atMost: 10) == bytes("file\n"))
        #expect(try all.contents(of: bytes("y/b"), atMost: 10) == bytes("below\n"))
        #expect(try all.root.status(bytes("z").cPath).inode == all.root.status(bytes("x").cPath).inode)
    }

    @Test func linksOfLayersLeadNowhereElse() throws {
        try shop.shell(
            "mkdir -p low outside upper work; ln -s \(shop.path)/outside low/out; ln -s ../../../.. low/up; echo x >context/f"
        )
        try copy("COPY f /out/", onto: ["low"])
        try shop.shell("rm -rf work; mkdir work")
        try copy("COPY f /up/g", onto: ["low"])
        #expect(try shop.shell("ls outside; cat upper/g upper\(shop.path)/outside/f") == "x\nx\n")
    }

    @Test(.asRoot) func copiesFromLayersKeepOwnersModesAndLinks() throws {
        try shop.shell(
            """
            mkdir -p low top/d upper work; echo a >top/d/a; ln top/d/a top/d/b; ln -s a top/d/l; chmod 640 top/d/a
            setfattr -n user.note -v n top/d/a; mkdir low/d; echo hidden >low/d/a; echo c >low/d/c; touch -d @1000 low/d/c
            """)
        let source = SourceTree(try layered(["top", "low"]))
        let selecting = Selecting(from: source, digests: FileDigests(nil), at: try Parsed("COPY d /").location)
        let selection = try selecting.select([bytes("d")])
        let tree = try layered(["context"], writable: true)
        try Copier(tree.root, CopyOptions()).copy(selection, to: Destination(bytes("/to")))
        let found = try shop.list("upper", "%y %m %P |%n|%l\\n")
        #expect(found == ["d 755 to |2|", "f 640 to/a |2|", "f 640 to/b |2|", "f 644 to/c |1|", "l 777 to/l |1|a"])
        #expect(
            try shop.shell("cat upper/to/a; stat -c %Y upper/to/c; getfattr --only-values -n user.note upper/to/b")
                == "a\n1000\nn")
    }
}
