import CLinux
import Glibc
import Linux
import ShaleTesting
import Synchronization
import Testing

@Suite("7 Renaming and linking") struct Chapter07Renaming {
    private let noReplace = Int32(CL_RENAME_NOREPLACE)
    private let exchange = Int32(CL_RENAME_EXCHANGE)

    @Test("7.1 rename replaces, as POSIX says", arguments: Implementation.both)
    func replacing(_ by: Implementation) throws {
        let m = try Merged(
            by, [["a": "a", "b": "b", "c": "c", "d": ["e": "e"], "l": .symlink("a"), "h1": "h", "h2": .link("h1")]],
            upper: ["u": "u", "ud": [:], "full": ["x": ""], "uh1": "h", "uh2": .link("uh1")])
        try m.merged.rename("a", "b")
        try m.merged.rename("u", "c")
        try m.merged.rename("l", "d/l")
        #expect(throws: Errno.isDirectory) { try m.merged.rename("b", "d") }
        #expect(throws: Errno.notDirectory) { try m.merged.rename("ud", "b") }
        #expect(throws: Errno.notEmpty) { try m.merged.rename("ud", "full") }
        #expect(throws: Errno.notEmpty) { try m.merged.rename("ud", "d") }
        #expect(throws: Errno.invalid) { try m.merged.rename("full", "full/inside") }
        #expect(throws: Errno.noEntry) { try m.merged.rename("none", "x") }
        #expect(throws: Errno.noEntry) { try m.merged.rename("a", "x") }
        try m.merged.rename("uh1", "uh2")
        #expect(m.merged.exists("uh1"), "two names of one file: nothing happens")
        try m.merged.rename("b", "b")
        try m.merged.mkdir("empty")
        try m.merged.rename("full", "empty")
        for _ in 0..<2 {
            #expect(
                try m.merged.tree() == [
                    "b 100644 1 a", "c 100644 1 u", "d/ 40755", "d/e 100644 1 e", "d/l -> a", "empty/ 40755",
                    "empty/x 100644 0 ", "h1 100644 1 h", "h2 100644 1 h", "ud/ 40755", "uh1 100644 1 h",
                    "uh2 100644 1 h",
                ])
            try m.remount()
        }
        #expect(try m.upper.status("a").isWhiteout)
    }

    @Test("7.1 a name that is replaced is never missing", arguments: Implementation.both)
    func atomic(_ by: Implementation) throws {
        let m = try Merged(by, [["f": "lower", "g": "lower"]])
        let place = m.merged
        let done = Atomic(false)
        let missed = Atomic(0)
        let looks = Atomic(0)
        withUnsafeThread {
            while !done.load(ordering: .relaxed) {
                if (try? place.read("f")) == nil { missed.add(1, ordering: .relaxed) }
                looks.add(1, ordering: .relaxed)
            }
        } during: {
            for _ in 0..<300 {
                _ = try? place.write("new", "upper")
                _ = try? place.rename("new", "f")
            }
            _ = try? place.rename("g", "f")
            done.store(true, ordering: .relaxed)
        }
        #expect(looks.load(ordering: .relaxed) > 10)
        #expect(missed.load(ordering: .relaxed) == 0)
        #expect(try m.merged.read("f") == "lower")
    }

    /// Runs a loop in a thread of its own while something else happens here.
    private func withUnsafeThread(_ loop: @escaping @Sendable () -> Void, during body: () -> Void) {
        let box = Unmanaged.passRetained(Box(loop))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        body()
        pthread_join(thread, nil)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    @Test("7.1 RENAME_NOREPLACE refuses an existing name of any layer", arguments: Implementation.both)
    func notReplacing(_ by: Implementation) throws {
        let m = try Merged(by, [["low": "1", "gone": .whiteout, "d": [:]], ["gone": "2"]], upper: ["up": "3"])
        for name in ["low", "d"] {
            #expect(throws: Errno.exists, "\(name)") { try m.merged.rename("up", name, flags: noReplace) }
        }
        try m.merged.rename("up", "gone", flags: noReplace)
        try m.merged.rename("low", "free", flags: noReplace)
        try m.remount()
        #expect(try m.merged.tree() == ["d/ 40755", "free 100644 1 1", "gone 100644 1 3"])
    }

    @Test("7.1 RENAME_EXCHANGE of files of the lower, of the upper, and of both", arguments: Implementation.both)
    func exchanging(_ by: Implementation) throws {
        let m = try Merged(
            by, [["l1": "l1", "l2": "l2", "l3": "l3", "sub": ["l4": "l4"]]],
            upper: ["u1": "u1", "u2": "u2", "ud": ["x": "x"]])
        try m.merged.rename("l1", "l2", flags: exchange)
        try m.merged.rename("l3", "u1", flags: exchange)
        try m.merged.rename("u2", "ud", flags: exchange)
        try m.merged.rename("sub/l4", "l1", flags: exchange)
        #expect(throws: Errno.noEntry) { try m.merged.rename("l1", "none", flags: exchange) }
        for _ in 0..<2 {
            #expect(
                try m.merged.tree() == [
                    "l1 100644 2 l4", "l2 100644 2 l1", "l3 100644 2 u1", "sub/ 40755", "sub/l4 100644 2 l2",
                    "u1 100644 2 l3", "u2/ 40755", "u2/x 100644 1 x", "ud 100644 2 u2",
                ])
            try m.remount()
        }
    }

    @Test("7.1 an exchanged directory hides what a lower has at its new place", arguments: Implementation.both)
    func exchangedDirectory(_ by: Implementation) throws {
        let m = try Merged(by, [["f": "lower", "g": "lower"]], upper: ["d": ["mine": "1"]])
        try m.merged.rename("f", "d", flags: exchange)
        try m.remount()
        #expect(try m.merged.tree() == ["d 100644 5 lower", "f/ 40755", "f/mine 100644 1 1", "g 100644 5 lower"])
    }

    @Test("7.1 RENAME_WHITEOUT moves the name and leaves none")
    func whiteout() throws {
        let m = try Merged(.shale, [["l": "l"]], upper: ["u": "u"])
        try m.merged.rename("l", "l2", flags: Int32(CL_RENAME_WHITEOUT))
        try m.merged.rename("u", "u2", flags: Int32(CL_RENAME_WHITEOUT))
        for _ in 0..<2 {
            #expect(try m.merged.tree() == ["l2 100644 1 l", "u2 100644 1 u"])
            try m.remount()
        }
    }

    @Test(
        "7.2 redirect_dir=off: a directory of a lower answers EXDEV, one of the upper moves",
        arguments: Implementation.both)
    func off(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["e": "x"], "both": ["b": ""]]], upper: ["both": ["c": ""], "ud": ["y": "y"]])
        #expect(throws: Errno.crossDevice) { try m.merged.rename("d", "new") }
        #expect(throws: Errno.crossDevice) { try m.merged.rename("both", "new") }
        #expect(throws: Errno.crossDevice) { try m.merged.rename("d", "ud", flags: exchange) }
        try m.merged.rename("ud", "ud2")
        #expect(run(["mv", m.merged.at("d"), m.merged.at("moved")]).status == 0)
        try m.remount()
        #expect(
            try m.merged.tree() == [
                "both/ 40755", "both/b 100644 0 ", "both/c 100644 0 ", "moved/ 40755", "moved/e 100644 1 x",
                "ud2/ 40755",
                "ud2/y 100644 1 y",
            ])
    }

    @Test(
        "7.2 redirect_dir=on records where a directory came from and copies nothing",
        arguments: Implementation.withFeatures)
    func on(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": ["e": "x", "s": ["t": "y"]], "p": ["q": ["r": "z"]]], ["d": ["below": "b"]]],
            options: "redirect_dir=on")
        try m.merged.rename("d", "new")
        #expect(try m.upper.list("new") == [])
        #expect(try m.upper.attribute("new", Environment.overlayAttributes + "redirect") != nil)
        try m.merged.rename("p/q", "new/s/q2")
        try m.merged.rename("new/s", "s2")
        try m.merged.write("s2/t", "written")
        try m.merged.mkdir("d")
        try m.merged.rename("new", "d/again")
        for _ in 0..<2 {
            #expect(
                try m.merged.tree() == [
                    "d/ 40755", "d/again/ 40755", "d/again/below 100644 1 b", "d/again/e 100644 1 x", "p/ 40755",
                    "s2/ 40755",
                    "s2/q2/ 40755", "s2/q2/r 100644 1 z", "s2/t 100644 7 written",
                ])
            try m.remount()
        }
    }

    @Test("7.1, 7.2 directories of a lower are exchanged with redirects", arguments: Implementation.withFeatures)
    func exchangedRedirects(_ by: Implementation) throws {
        let m = try Merged(
            by, [["a": ["x": "ax"], "b": ["x": "bx", "y": "by"], "p": ["c": ["z": "cz"]], "f": "f"]],
            options: "redirect_dir=on")
        try m.merged.rename("a", "b", flags: exchange)
        try m.merged.rename("p/c", "a", flags: exchange)
        try m.merged.rename("b", "f", flags: exchange)
        for _ in 0..<2 {
            #expect(
                try m.merged.tree() == [
                    "a/ 40755", "a/z 100644 2 cz", "b 100644 1 f", "f/ 40755", "f/x 100644 2 ax", "p/ 40755",
                    "p/c/ 40755", "p/c/x 100644 2 bx", "p/c/y 100644 2 by",
                ])
            try m.remount()
        }
    }

    @Test(
        "7.2 follow reads redirects and makes none; nofollow does not read them", arguments: Implementation.withFeatures
    )
    func following(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["e": "x"], "other": ["o": ""]]], options: "redirect_dir=on")
        try m.merged.rename("d", "new")
        try m.remount(options: "redirect_dir=follow")
        #expect(try m.merged.list("new") == ["e"])
        #expect(throws: Errno.crossDevice) { try m.merged.rename("other", "other2") }
        try m.remount(options: "redirect_dir=nofollow")
        #expect(((try? m.merged.list("new")) ?? []) == [])
        #expect(throws: Errno.crossDevice) { try m.merged.rename("other", "other2") }
        try m.remount(options: "redirect_dir=off")
        #expect(try m.merged.list("new") == ["e"])
    }

    @Test(
        "7.3 hard links between any two directories, also of a lower's file and of a symlink",
        arguments: Implementation.both)
    func linking(_ by: Implementation) throws {
        let m = try Merged(
            by, [["f": "low", "d": ["e": [:]], "l": .symlink("f"), "p": .fifo]], upper: ["u": "up", "ud": [:]])
        for (name, target) in [("f", "ud/f2"), ("u", "d/e/u2"), ("l", "d/l2"), ("p", "ud/p2"), ("f", "d/e/f3")] {
            try m.merged.link(name, target)
            // With userxattr and without an index the kernel shows two numbers.
            guard by == .shale || Environment.isRealRoot else { continue }
            #expect(try m.merged.status(name).ino == m.merged.status(target).ino, "\(name)")
        }
        #expect(throws: Errno.exists) { try m.merged.link("f", "u") }
        #expect(throws: Errno.notPermitted) { try m.merged.link("d", "d2") }
        #expect(try m.merged.status("f").nlink == 3)
        #expect(try m.merged.readlink("d/l2") == "f")
        try m.merged.append("ud/f2", "+")
        #expect(try m.merged.status("f").size == 4)
        try m.merged.unlink("f")
        try m.remount()
        #expect(try m.merged.read("d/e/f3") == "low+")
        #expect(try m.merged.status("ud/f2").nlink == 2)
        #expect(try m.merged.status("ud/p2").nlink == 2)
        #expect(!m.merged.exists("f"))
    }

    @Test("7.3 an open file without a name gets one", arguments: Implementation.both, ["", "d", "ud"])
    func unnamed(_ by: Implementation, _ directory: String) throws {
        let m = try Merged(by, [["d": [:], "d2": [:]]], upper: ["ud": [:]])
        do {
            let file = try m.merged.open(directory, Int32(CL_O_TMPFILE) | O_RDWR, 0o640)
            try file.write("content", at: 0)
            #expect(try file.fd.status().nlink == 0)
            #expect(try m.merged.list(directory).allSatisfy { $0.first != "#" })
            try file.fd.linkSelf(to: .workingDirectory, m.merged.at("d2/named"))
            #expect(try file.fd.status().nlink == 1)
            #expect(try file.fd.status().ino == m.merged.status("d2/named").ino)
            try file.write("CON", at: 0)
            let never = try m.merged.open(directory, Int32(CL_O_TMPFILE) | O_EXCL | O_RDWR, 0o640)
            try never.write("gone", at: 0)
        }
        try m.remount()
        #expect(try m.merged.read("d2/named") == "CONtent")
        #expect(try m.merged.status("d2/named").mode == 0o100640)
        if directory == "ud" { #expect(try m.upper.list("ud").isEmpty) }
    }
}
