import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("4 Deleting") struct Chapter04Deleting {
    private let opaque = Environment.overlayAttributes + "opaque"

    /// Every name beneath a place, the work directory's too.
    private func names(_ place: Place, _ name: String = "") throws -> [String] {
        try place.entries(name).flatMap { entry -> [String] in
            let path = name.isEmpty ? entry.name : "\(name)/\(entry.name)"
            return [path] + (entry.type == DT_DIR ? try names(place, path) : [])
        }
    }

    @Test("4.1 deleting what a lower has leaves a 0/0 device", arguments: Implementation.both)
    func whiteout(_ by: Implementation) throws {
        let m = try Merged(
            by,
            [
                ["f": "x", "l": .symlink("f"), "p": .fifo, "d": ["e": "y"], "empty": [:]],
                ["f": "z", "deep": ["g": "w"]],
            ])
        for name in ["f", "l", "p", "d/e", "deep/g"] { try m.merged.unlink(name) }
        for name in ["empty", "d"] { try m.merged.rmdir(name) }
        #expect(try m.merged.list() == ["deep"])
        for name in ["f", "l", "p", "deep/g", "empty", "d"] {
            #expect(try m.upper.status(name).isWhiteout, "\(name)")
            #expect(throws: Errno.noEntry) { _ = try m.merged.status(name) }
        }
        try m.remount()
        #expect(try m.merged.tree() == ["deep/ 40755"])
    }

    @Test("4.1 deleting a copied-up file leaves a whiteout", arguments: Implementation.both)
    func copiedUp(_ by: Implementation) throws {
        let m = try Merged(by, [["f": "x", "d": ["e": ""]]], upper: ["d": ["e": "above"]])
        try m.merged.append("f", "y")
        try m.merged.unlink("f")
        try m.merged.unlink("d/e")
        #expect(try m.upper.status("f").isWhiteout)
        #expect(try m.upper.status("d/e").isWhiteout)
        try m.remount()
        #expect(try m.merged.tree() == ["d/ 40755"])
    }

    @Test("4.2 deleting what only the upper has leaves nothing", arguments: Implementation.both)
    func onlyUpper(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": ["e": ""], "masked": .whiteout], ["masked": ""]], upper: ["old": "", "od": ["x": ""]])
        try m.merged.write("new", "")
        try m.merged.write("d/new", "")
        try m.merged.mkdir("nd")
        try m.merged.write("masked", "")
        for name in ["new", "d/new", "old", "od/x"] { try m.merged.unlink(name) }
        for name in ["nd", "od"] { try m.merged.rmdir(name) }
        #expect(try m.upper.tree() == ["d/ 40755", "masked 100644 0 "])
    }

    @Test("4.2 what a lower's whiteout hides already needs no whiteout of ours")
    func hiddenAlready() throws {
        let m = try Merged(.shale, [["masked": .whiteout], ["masked": "x"]])
        try m.merged.write("masked", "")
        try m.merged.unlink("masked")
        #expect(!m.merged.exists("masked"))
        try m.remount()
        #expect(!m.merged.exists("masked"))
    }

    @Test("4.3 whiteouts=file: an empty regular .wh.NAME stands for the device")
    func files() throws {
        let m = try Merged(.shale, [["f": "x", "d": ["e": ["deep": "y"], "g": ""]]], options: "whiteouts=file")
        try m.merged.unlink("f")
        try m.merged.unlink("d/g")
        #expect(run(["rm", "-r", m.merged.at("d/e")]).status == 0)
        #expect(try names(m.upper).sorted() == [".wh.f", "d", "d/.wh.e", "d/.wh.g"])
        for name in [".wh.f", "d/.wh.g"] {
            #expect(try m.upper.status(name).isRegular)
            #expect(try m.upper.status(name).size == 0)
        }
        #expect(try m.merged.tree() == ["d/ 40755"])
        try m.merged.mkdir("d/e")
        try m.merged.write("f", "new")
        #expect(!m.upper.exists(".wh.f"))
        try m.remount()
        #expect(try m.merged.tree() == ["d/ 40755", "d/e/ 40755", "f 100644 3 new"])
    }

    @Test("4.3 --verbose reports which form was chosen")
    func reported() throws {
        for (option, word) in [("whiteouts=file", ".wh."), ("whiteouts=device", "device")] {
            let m = try Merged(.shale, [["f": "x"]])
            m.stop()
            let outcome = Helper.run("--verbose", "-o", m.stack.options(option), m.merged.path)
            #expect(outcome.status == 0)
            let said = (outcome.errors + outcome.output).split(separator: "\n").filter { $0.contains("whiteout") }
            #expect(said.contains { $0.contains(word) }, "\(option): \(outcome.errors)")
            _ = shell("umount \(m.merged.path) 2>/dev/null || fusermount3 -u \(m.merged.path)")
        }
    }

    @Test("4.3 where devices can be made, no .wh. file is ever written")
    func neverBoth() throws {
        let m = try Merged(.shale, [["f": "x", "d": ["e": "", "s": ["t": ""]], "o": ["p": ""]]])
        try m.merged.unlink("f")
        #expect(run(["rm", "-r", m.merged.at("d")]).status == 0)
        try m.merged.mkdir("d")
        try m.merged.mkdir("d/s")
        try m.merged.mkdir("f")
        try m.merged.unlink("o/p")
        try m.merged.mkdir("o/p")
        try m.merged.rename("o/p", "o/q")
        let all = try names(m.upper) + names(m.work)
        #expect(!all.contains { $0.contains(".wh.") }, "\(all)")
    }

    @Test("4.4 a directory made again is opaque after a remount", arguments: Implementation.both, ["", "p/", "p/q/"])
    func madeAgain(_ by: Implementation, _ parent: String) throws {
        let m = try Merged(
            by, [["d": ["old": ""], "p": ["d": ["old": ""], "q": ["d": ["old": ""]]]], ["d": ["older": ""]]])
        #expect(run(["rm", "-r", m.merged.at(parent + "d")]).status == 0)
        try m.merged.mkdir(parent + "d")
        #expect(try m.merged.list(parent + "d") == [])
        #expect(try m.upper.attribute(parent + "d", opaque) == Array("y".utf8))
        try m.merged.write(parent + "d/new", "")
        try m.remount()
        #expect(try m.merged.list(parent + "d") == ["new"])
    }

    @Test("4.4 a directory over a deleted file hides what the layers below have there", arguments: Implementation.both)
    func overFile(_ by: Implementation) throws {
        let m = try Merged(by, [["d": "file"], ["d": ["below": ""]]])
        try m.merged.unlink("d")
        try m.merged.mkdir("d")
        try m.remount()
        #expect(try m.merged.list("d") == [])
    }

    @Test("4.4 a directory renamed over a whiteout is opaque", arguments: Implementation.both)
    func renamedOver(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["old": ""], "e": ["old": ""]]])
        try m.merged.mkdir("new")
        try m.merged.write("new/f", "")
        #expect(run(["rm", "-r", m.merged.at("d")]).status == 0)
        try m.merged.rename("new", "d")
        try m.merged.unlink("e/old")
        try m.merged.mkdir("new2")
        try m.merged.rename("new2", "e")
        try m.remount()
        #expect(try m.merged.tree() == ["d/ 40755", "d/f 100644 0 ", "e/ 40755"])
    }

    @Test(
        "4.4 rmdir needs the merged directory to be empty, and takes its whiteouts along",
        arguments: Implementation.both)
    func emptiness(_ by: Implementation) throws {
        let m = try Merged(
            by, [["lower": ["a": ""], "both": ["a": ""], "hidden": ["a": .whiteout]], ["hidden": ["a": ""]]],
            upper: ["both": ["b": ""], "up": ["c": ""], "cleared": ["a": .whiteout, "b": .whiteout]])
        for name in ["lower", "both", "up"] { #expect(throws: Errno.notEmpty, "\(name)") { try m.merged.rmdir(name) } }
        try m.merged.unlink("both/a")
        #expect(throws: Errno.notEmpty) { try m.merged.rmdir("both") }
        try m.merged.unlink("both/b")
        try m.merged.unlink("lower/a")
        for name in ["lower", "both", "hidden"] { try m.merged.rmdir(name) }
        // The kernel does not look for whiteouts in a directory that it takes for the upper's alone.
        if by == .shale { try m.merged.rmdir("cleared") } else { _ = run(["rm", "-r", m.upper.at("cleared")]) }
        #expect(try m.merged.list() == ["up"])
        for name in ["lower", "both", "hidden"] { #expect(try m.upper.status(name).isWhiteout, "\(name)") }
        #expect(!m.upper.exists("cleared"))
        try m.remount()
        #expect(try m.merged.list() == ["up"])
    }

    @Test("4.5 whiteouts and opaque marks of every writer are read, in any layer", arguments: ["upper", "lower"])
    func everyForm(_ place: String) throws {
        let y = Array("y".utf8)
        var marks: [(String, Item)] = [
            ("opq", [".wh..wh..opq": "", "x": ""]),
            ("user", .directory([.init([0x78], "")], attributes: ["user.overlay.opaque": y])),
            ("fuse", .directory([.init([0x78], "")], attributes: ["user.fuseoverlayfs.opaque": y])),
        ]
        if Environment.isRealRoot {
            marks.append(("trusted", .directory([.init([0x78], "")], attributes: ["trusted.overlay.opaque": y])))
        }
        let top = Item.directory(
            marks.map { .init(Array($0.utf8), $1) }
                + [.init(Array("device".utf8), .whiteout), .init(Array(".wh.file".utf8), "")])
        let below = Item.directory(
            marks.map { .init(Array($0.0.utf8), ["below": ""]) }
                + ["device", "file", "stays"].map { .init(Array($0.utf8), "") })
        let m = try place == "upper" ? Merged(.shale, [below], upper: top) : Merged(.shale, [[:], top, below])
        #expect(try m.merged.list() == (marks.map(\.0) + ["stays"]).sorted())
        for (name, _) in marks {
            #expect(try m.merged.list(name) == ["x"], "\(name)")
            #expect(!m.merged.exists(name + "/below"), "\(name)")
        }
        #expect(!m.merged.exists("file"))
        try m.merged.write("device", "again")
        try m.merged.write("file", "again")
        try m.remount()
        #expect(try m.merged.read("device") == "again")
        #expect(try m.merged.read("file") == "again")
    }

    @Test("4.5 whiteout attributes on empty files of a directory marked x", arguments: Implementation.both)
    func attributeWhiteouts(_ by: Implementation) throws {
        let o = Environment.overlayAttributes
        let gone = Item.file([], attributes: [o + "whiteout": Array("y".utf8)])
        let full = Item.file(Array("full".utf8))
        let marked = Item.directory(
            [.init(Array("gone".utf8), gone), .init(Array("kept".utf8), full)],
            attributes: [o + "opaque": Array("x".utf8)])
        let m = try Merged(by, [["d": marked], ["d": ["gone": "1", "kept": "2", "merges": "3"]]])
        #expect(try m.merged.list("d") == ["kept", "merges"])
        #expect(!m.merged.exists("d/gone"))
        #expect(try m.merged.read("d/kept") == "full")
        try m.merged.write("d/gone", "back")
        try m.remount()
        #expect(
            try m.merged.tree() == ["d/ 40755", "d/gone 100644 4 back", "d/kept 100644 4 full", "d/merges 100644 1 3"])
    }

    @Test("4.6 whiteouts share one inode by hard links", arguments: Implementation.both)
    func shared(_ by: Implementation) throws {
        let m = try Merged(by, [.directory((0..<20).map { .init(Array("f\($0)".utf8), "") })])
        for index in 0..<20 { try m.merged.unlink("f\(index)") }
        let inodes = try Set((0..<20).map { try m.upper.status("f\($0)").ino })
        #expect(inodes.count == 1)
        #expect(try m.upper.status("f0").nlink >= 20)
    }

    @Test("4.6 more whiteouts than the filesystem allows links take a second inode")
    func linkLimit() throws {
        let count = 65_100
        let m = try Merged(
            .shale, [["d": [:]]],
            prepare: { m in
                let place = try m.lower().open("d", O_RDONLY | O_DIRECTORY)
                try place.fd.makeNode("f0", mode: 0o100644, device: 0)
                for index in 1..<count {
                    // Hard links: quick to make. The file system's limit ends each series.
                    do { try place.fd.link("f\(index / 60_000 * 60_000)", to: place.fd, "f\(index)") } catch {
                        try place.fd.makeNode("f\(index)", mode: 0o100644, device: 0)
                    }
                }
            })
        do {
            let directory = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
            for index in 0..<count { try directory.fd.unlink("f\(index)") }
        }
        #expect(try m.merged.list("d") == [])
        let inodes = try Set(m.upper.entries("d").map(\.inode))
        #expect((2...3).contains(inodes.count), "\(inodes.count) inodes")
        try m.remount()
        #expect(try m.merged.list("d") == [])
    }

    @Test("4.4, 5.2 work is empty after deletes and replacements, and stays usable", arguments: Implementation.both)
    func workEmptied(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["a": "", "s": ["b": ""]], "e": ["c": ""], "f": ""]])
        for _ in 0..<3 {
            _ = run(["rm", "-r", m.merged.at("d")])
            try m.merged.mkdir("d")
            try m.merged.mkdir("d/s")
            try m.merged.write("d/s/b", "")
            try m.merged.mkdir("fresh")
            try m.merged.rename("fresh", "renamed")
            try m.merged.rmdir("renamed")
            try m.remount()
        }
        try m.merged.unlink("f")
        m.stop()
        let left = try names(m.work).filter { !["work", "index"].contains($0) && !$0.hasPrefix("index/") }
        // One whiteout may wait for the next delete.
        #expect(left.count <= 1, "\(left)")
    }
}
