import Changes
import CLinux
import Linux
import ShaleTesting
import Testing
import Union

/// SEMANTICS 4 to 8: deleting, copy-up, identity, renaming, open files; read back from the upper.
@Suite struct ChangeRules {
    private func shown(_ stack: Stack) throws -> [String] {
        try stack.changes().map { "\($0.kind.rawValue) \(String(decoding: $0.path, as: UTF8.self))" }
    }

    @Test("4.1, 4.2 a deletion leaves a whiteout only where a lower has the name")
    func deleting() throws {
        let stack = try Stack(lowers: [["f": "x"]])
        let tree = try stack.union()
        try tree.write("new", "1")
        try tree.remove("new")
        #expect(try shown(stack).isEmpty)
        try tree.remove("f")
        #expect(try shown(stack) == ["D f"])
        #expect(!tree.exists("f"))
    }

    @Test("4.4 a directory made again over a whiteout is opaque, also at the top and after a remount")
    func opaqueAgain() throws {
        let stack = try Stack(lowers: [["d": ["old": "x"]]])
        do {
            let tree = try stack.union()
            try tree.remove("d/old")
            try tree.remove("d")
            try tree.makeDirectory("d")
            #expect(try tree.list("d").isEmpty)
        }
        let kept = try Stack(lowers: [["d": ["old": "x"]]], upper: ["d": .opaque([:])])
        #expect(try kept.union().list("d").isEmpty)
        #expect(try shown(stack) == ["C d", "D d/old"])
    }

    @Test("4.4 rmdir wants the merged directory empty")
    func notEmpty() throws {
        let stack = try Stack(lowers: [["d": ["f": "x"]]])
        let tree = try stack.union()
        #expect(throws: Errno.notEmpty) { try tree.remove("d") }
        try tree.remove("d/f")
        try tree.remove("d")
        #expect(try shown(stack) == ["D d"])
    }

    @Test("5.1, 6.1 a change copies up with everything, and the inode number stays")
    func copyUp() throws {
        let stack = try Stack(lowers: [
            ["d": ["f": .file(Array("data".utf8), mode: 0o640, attributes: ["user.a": [1, 2]])]]
        ])
        let tree = try stack.union()
        let before = try tree.status("d/f")
        try tree.setMode("d/f", 0o600)
        let after = try tree.status("d/f")
        #expect(after.ino == before.ino)
        #expect(after.mode == 0o100600)
        #expect(after.mtime_s == before.mtime_s)
        #expect(after.mtime_ns == before.mtime_ns)
        #expect(try tree.read("d/f") == "data")
        #expect(try shown(stack) == ["C d/f"])
    }

    @Test("5.8 lower hard links stay linked when one is copied up, also to the next mount")
    func hardLinks() throws {
        let stack = try Stack(lowers: [["a": "1", "d": ["b": .link("a")]]])
        let tree = try stack.union()
        try tree.write("d/b", "two")
        #expect(try tree.read("a") == "two")
        #expect(try tree.status("a").ino == tree.status("d/b").ino)
        #expect(try tree.status("a").nlink == 2)
        try tree.remove("a")
        #expect(try tree.status("d/b").nlink == 1)
        #expect(try tree.read("d/b") == "two")
    }

    @Test("7.1 rename replaces, exchanges, and does not replace when told so")
    func renaming() throws {
        let stack = try Stack(lowers: [["a": "1", "b": "2", "c": "3"]])
        let tree = try stack.union()
        #expect(throws: Errno.exists) { try tree.rename("a", "b", .noReplace) }
        try tree.rename("a", "b", .exchange)
        #expect(try tree.read("a") == "2")
        #expect(try tree.read("b") == "1")
        try tree.rename("a", "c")
        #expect(try tree.list() == ["b", "c"])
        #expect(try tree.read("c") == "2")
    }

    @Test("7.2 a directory of a lower moves only with redirect_dir=on, and then with all it has")
    func renamingDirectories() throws {
        let stack = try Stack(lowers: [["d": ["e": ["f": "x"]], "o": [:]]])
        do {
            let tree = try stack.union()
            #expect(throws: Errno.crossDevice) { try tree.rename("d", "n") }
        }
        let moved = try Stack(lowers: [["d": ["e": ["f": "x"]], "o": [:]]])
        let tree = try moved.union { $0.redirect = .on }
        try tree.rename("d", "o/n")
        #expect(try tree.read("o/n/e/f") == "x")
        #expect(!tree.exists("d"))
        try tree.write("o/n/e/g", "y")
        #expect(try tree.list("o/n/e") == ["f", "g"])
    }

    @Test("7.3 hard links of a lower's file share content and count")
    func linking() throws {
        let stack = try Stack(lowers: [["f": "x", "d": [:]]])
        let tree = try stack.union()
        try tree.link("f", "d/g")
        try tree.write("d/g", "changed")
        #expect(try tree.read("f") == "changed")
        #expect(try tree.status("f").nlink == 2)
    }

    @Test("11.4 what is forgotten is freed")
    func forgetting() throws {
        let stack = try Stack(lowers: [["d": ["a": "1", "b": "2"]]])
        let union = try stack.union().union
        let before = union.knownNodes
        "d".withCString { text in
            for _ in 0..<3 {
                guard let entry = try? union.lookup(union.rootNode, Name(text)) else { continue }
                "a".withCString { inner in
                    if let file = try? union.lookup(entry.node, Name(inner)) { union.forget(file.node, count: 1) }
                }
                union.forget(entry.node, count: 1)
            }
        }
        #expect(union.knownNodes == before)
    }
}
