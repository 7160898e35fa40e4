import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("2 Names") struct Chapter02Names {
    /// A path of a name that is no text.
    private func path(_ place: Place, _ name: [UInt8]) -> [CChar] {
        (Array(place.path.utf8) + [0x2f] + name + [0]).map { CChar(bitPattern: $0) }
    }

    private func names(_ place: Place) throws -> Set<[UInt8]> {
        var all: Set<[UInt8]> = []
        let directory = try place.open("", O_RDONLY | O_DIRECTORY)
        try directory.fd.forEachEntry { entry in
            all.insert(Array(entry.name))
            return true
        }
        return all
    }

    /// Every byte that a name may have: alone, in the middle, and what is no UTF-8.
    static let odd: [[UInt8]] =
        (1...255).filter { $0 != 0x2f && $0 != 0x2e }.map { [UInt8($0)] }
        + (1...255).filter { $0 != 0x2f }.map { [0x61, UInt8($0), 0x62] }
        + [
            [0xc3, 0xa9], [0x65, 0xcc, 0x81],  // one letter, composed and decomposed: two names
            [0xff, 0xfe, 0xc0, 0x80], [0x2e, 0x2e, 0x2e], Array("a:b,c\\d".utf8),
            [UInt8](repeating: 0xff, count: 255), [UInt8](repeating: 0x61, count: 255),
        ]

    @Test("2.1 names are bytes in a lower: listed, found, read, copied up and deleted", arguments: Implementation.both)
    func bytesBelow(_ by: Implementation) throws {
        let content = { (name: [UInt8]) in Item.file(name) }
        let m = try Merged(by, [.directory(Self.odd.map { .init($0, content($0)) })])
        #expect(try names(m.merged) == Set(Self.odd))
        for (index, name) in Self.odd.enumerated() {
            let file = path(m.merged, name)
            let opened = try FD.workingDirectory.open(file, .readOnly)
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = Int(cl_pread(opened.raw, &bytes, 256, 0))
            #expect(Array(bytes.prefix(max(0, count))) == name)
            if index % 2 == 0 {
                #expect(cl_chmodat(-100, file, 0o600) == 0)
            } else {
                #expect(cl_unlinkat(-100, file, 0) == 0)
            }
        }
        let kept = Set(Self.odd.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        #expect(try names(m.merged) == kept)
        try m.remount()
        #expect(try names(m.merged) == kept)
        for name in kept { #expect(try FD.workingDirectory.status(path(m.merged, name)).mode == 0o100600) }
    }

    @Test("2.1 names are bytes when created, renamed and linked", arguments: Implementation.both)
    func bytesAbove(_ by: Implementation) throws {
        let m = try Merged(by, [["d": [:]]])
        let there = Place(path: m.merged.at("d"))
        for name in Self.odd {
            try m.merged.write("new", "x")
            #expect(cl_renameat2(-100, m.merged.at("new"), -100, path(there, name), 0) == 0, "\(name)")
        }
        #expect(try names(there) == Set(Self.odd))
        try m.remount()
        #expect(try names(there) == Set(Self.odd))
    }

    @Test("2.1 a name of 256 bytes is too long", arguments: Implementation.both)
    func tooLong(_ by: Implementation) throws {
        let m = try Merged(by, [[:]])
        let name = String(repeating: "a", count: 256)
        #expect(throws: Errno.nameTooLong) { try m.merged.write(name, "") }
        #expect(throws: Errno.nameTooLong) { try m.merged.mkdir(name) }
        #expect(throws: Errno.nameTooLong) { _ = try m.merged.status(name) }
    }

    @Test("2.2 the topmost layer says what a name is; only directories merge", arguments: Implementation.both)
    func merging(_ by: Implementation) throws {
        let m = try Merged(
            by,
            [
                [
                    "d": ["a": "0"], "file": "f", "dir": ["x": "0"], "sandwich": ["top": "0"], "link": .symlink("d"),
                    "pipe": .fifo,
                ],
                [
                    "d": ["a": "1", "b": "1"], "file": ["hidden": "1"], "dir": "hidden", "sandwich": "file",
                    "link": ["hidden": ""], "pipe": "1",
                ],
                [
                    "d": ["a": "2", "c": ["deep": "2"]], "sandwich": ["bottom": "2"], "dir": ["deeper": "2"],
                    "file": "2",
                ],
            ], upper: ["d": ["u": "up"]])
        #expect(
            try m.merged.tree() == [
                "d/ 40755", "d/a 100644 1 0", "d/b 100644 1 1", "d/c/ 40755", "d/c/deep 100644 1 2", "d/u 100644 2 up",
                "dir/ 40755", "dir/x 100644 1 0", "file 100644 1 f", "link -> d", "pipe 10644 device 0",
                "sandwich/ 40755", "sandwich/top 100644 1 0",
            ])
        #expect(!m.merged.exists("dir/deeper"))
        #expect(!m.merged.exists("sandwich/bottom"))
        #expect(throws: Errno.notDirectory) { _ = try m.merged.status("file/hidden") }
    }

    @Test("2.2 a whiteout and an opaque directory stop the merge", arguments: Implementation.both)
    func stops(_ by: Implementation) throws {
        let m = try Merged(
            by,
            [
                ["d": ["a": "0"], "gone": .whiteout, "again": ["new": "0"]],
                ["d": .opaque(["b": "1"]), "again": .whiteout],
                ["d": ["c": "2"], "gone": ["x": "2"], "again": ["old": "2"]],
            ])
        #expect(
            try m.merged.tree() == [
                "again/ 40755", "again/new 100644 1 0", "d/ 40755", "d/a 100644 1 0", "d/b 100644 1 1",
            ])
        #expect(!m.merged.exists("d/c"))
        #expect(!m.merged.exists("again/old"))
        #expect(throws: Errno.noEntry) { _ = try m.merged.status("gone") }
    }

    @Test("2.2 metadata of a merged directory is the topmost layer's", arguments: Implementation.both)
    func metadata(_ by: Implementation) throws {
        let top = Item.directory([.init(Array("a".utf8), "")], mode: 0o700, attributes: ["user.who": Array("top".utf8)])
        let bottom = Item.directory([], mode: 0o775, attributes: ["user.who": Array("bottom".utf8), "user.b": [1]])
        let m = try Merged(by, [["d": top], ["d": bottom]])
        #expect(try m.merged.status("d").mode == 0o040700)
        #expect(try m.merged.attribute("d", "user.who") == Array("top".utf8))
        #expect(try m.merged.attribute("d", "user.b") == nil)
    }

    @Test(
        "2.3 all 255 bytes of a name serve: created, deleted from a lower, made again as a directory",
        arguments: Implementation.both)
    func longest(_ by: Implementation) throws {
        let long = String(repeating: "n", count: 255)
        let m = try Merged(by, [["d": .directory([.init(Array(long.utf8), "x")])]])
        try m.merged.write(long, "new")
        try m.merged.unlink("d/" + long)
        #expect(try m.merged.list("d") == [])
        try m.remount()
        #expect(try m.merged.list("d") == [])
        #expect(try m.merged.read(long) == "new")
        try m.merged.mkdir("d/" + long)
        try m.remount()
        #expect(try m.merged.list("d") == [long])
        #expect(try m.merged.list("d/" + long) == [])
    }

    @Test("2.3 a name that begins with .wh. is a whiteout, and cannot be made")
    func reserved() throws {
        let m = try Merged(.shale, [[".wh.gone": "", "f": "x", "d": [:]], ["gone": "g", "d": ["e": ""]]])
        #expect(try m.merged.list() == ["d", "f"])
        let place = m.merged
        let changes: [(String, () throws(Errno) -> Void)] = [
            ("create", { () throws(Errno) in try place.write(".wh.f", "") }),
            ("mkdir", { () throws(Errno) in try place.mkdir(".wh.f") }),
            ("symlink", { () throws(Errno) in try place.symlink("x", ".wh.f") }),
            ("mkfifo", { () throws(Errno) in try place.mkfifo("d/.wh.e") }),
            ("link", { () throws(Errno) in try place.link("f", ".wh.f") }),
            ("rename", { () throws(Errno) in try place.rename("f", ".wh.g") }),
            ("rename a directory", { () throws(Errno) in try place.rename("d", ".wh.d") }),
            ("opaque mark", { () throws(Errno) in try place.write("d/.wh..wh..opq", "") }),
            ("no more than the prefix", { () throws(Errno) in try place.write(".wh.", "") }),
        ]
        for (name, change) in changes { #expect(throws: Errno.invalid, "\(name)") { try change() } }
        #expect(try m.merged.list() == ["d", "f"])
        #expect(try m.merged.list("d") == ["e"])
        try m.merged.write(".wh", "fine")
        try m.merged.write("x.wh.y", "fine")
        #expect(throws: Errno.noEntry) { _ = try m.merged.status(".wh.gone") }
    }

    @Test("2.3 with whiteouts=device such names are ordinary, as in the kernel", arguments: Implementation.both)
    func ordinary(_ by: Implementation) throws {
        let m = try Merged(
            by, [[".wh.f": "1", "f": "x", "d": [".wh..wh..opq": ""]], ["d": ["e": ""]]],
            options: by == .shale ? "whiteouts=device" : "")
        #expect(try m.merged.list() == [".wh.f", "d", "f"])
        #expect(try m.merged.list("d") == [".wh..wh..opq", "e"])
        try m.merged.write(".wh.new", "2")
        try m.merged.unlink(".wh.f")
        try m.remount()
        #expect(try m.merged.list() == [".wh.new", "d", "f"])
        #expect(try m.merged.read("f") == "x")
    }

    @Test("2.2 what a name is decides which calls it takes, in every layer", arguments: Implementation.both)
    func errors(_ by: Implementation) throws {
        let stuff: Item = ["f": "x", "d": ["e": ""], "l": .symlink("f"), "dangling": .symlink("none")]
        let m = try Merged(by, [["low": stuff, "gone": .whiteout], ["gone": "x"]], upper: ["up": stuff])
        let place = m.merged
        for at in ["low", "up"] {
            let expectations: [(Errno, String, () throws(Errno) -> Void)] = [
                (.exists, "O_EXCL", { () throws(Errno) in _ = try place.open("\(at)/f", O_CREAT | O_EXCL | O_WRONLY) }),
                (.exists, "O_EXCL", { () throws(Errno) in _ = try place.open("\(at)/l", O_CREAT | O_EXCL | O_WRONLY) }),
                (.exists, "mkdir", { () throws(Errno) in try place.mkdir("\(at)/f") }),
                (.exists, "mkdir", { () throws(Errno) in try place.mkdir("\(at)/dangling") }),
                (.exists, "symlink", { () throws(Errno) in try place.symlink("x", "\(at)/d") }),
                (.exists, "mkfifo", { () throws(Errno) in try place.mkfifo("\(at)/l") }),
                (.isDirectory, "open", { () throws(Errno) in _ = try place.open("\(at)/d", O_WRONLY) }),
                (.isDirectory, "unlink", { () throws(Errno) in try place.unlink("\(at)/d") }),
                (.notDirectory, "rmdir", { () throws(Errno) in try place.rmdir("\(at)/f") }),
                (.notDirectory, "rmdir", { () throws(Errno) in try place.rmdir("\(at)/l") }),
                (.notDirectory, "open", { () throws(Errno) in _ = try place.open("\(at)/f", O_DIRECTORY) }),
                (.loop, "O_NOFOLLOW", { () throws(Errno) in _ = try place.open("\(at)/l", O_NOFOLLOW) }),
                (.invalid, "readlink", { () throws(Errno) in _ = try place.readlink("\(at)/f") }),
                (.noEntry, "dangling", { () throws(Errno) in _ = try place.open("\(at)/dangling", O_RDONLY) }),
                (.noData, "removexattr", { () throws(Errno) in try place.removeAttribute("\(at)/f", "user.none") }),
            ]
            for (error, name, body) in expectations { #expect(throws: error, "\(at): \(name)") { try body() } }
        }
        for name in ["gone", "gone/x"] { #expect(throws: Errno.noEntry) { try place.unlink(name) } }
        #expect(throws: Errno.noEntry) { try place.rmdir("gone") }
        _ = try place.open("gone", O_CREAT | O_EXCL | O_WRONLY)
        _ = try place.open("low/dangling", O_CREAT | O_WRONLY)
        #expect(try place.list("low") == ["d", "dangling", "f", "l", "none"])
        #expect(try m.upper.list("low") == ["none"], "what was refused copied nothing")
    }

    @Test("2.3, 4.3 with whiteouts=file a name too long for .wh. is deleted, or stays with an errno")
    func longFileWhiteout() throws {
        let names = [251, 252, 255].map { String(repeating: "n", count: $0) }
        let m = try Merged(
            .shale, [.directory(names.map { .init(Array($0.utf8), "x") })], options: "whiteouts=file")
        try m.merged.unlink(names[0])
        for name in names.dropFirst() {
            do throws(Errno) { try m.merged.unlink(name) } catch { #expect(error == .nameTooLong) }
        }
        let left = try m.merged.list()
        #expect(!left.contains(names[0]))
        try m.remount()
        #expect(try m.merged.list() == left)
        for name in left { #expect(try m.merged.read(name) == "x") }
    }
}
