import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("1 The stack") struct Chapter01Stack {
    @Test("1.1 lowers are listed from top to bottom", arguments: Implementation.both)
    func order(_ by: Implementation) throws {
        let m = try Merged(by, [["a": "0"], ["a": "1", "b": "1"], ["a": "2", "b": "2", "c": "2"]])
        #expect(try m.merged.list() == ["a", "b", "c"])
        #expect(try m.merged.read("a") == "0")
        #expect(try m.merged.read("b") == "1")
        #expect(try m.merged.read("c") == "2")
    }

    @Test("1.1 a colon, a backslash and a comma are escaped", arguments: Implementation.both)
    func escapes(_ by: Implementation) throws {
        let odd = ["co:lon", "back\\slash", "com,ma", "all:\\,of,\\:them"]
        let m = try Merged(
            by, [],
            exact: { m in
                let escaped = odd.map { name in
                    m.scratch.at(name).reduce(into: "") { $0 += ":\\,".contains($1) ? "\\\($1)" : "\($1)" }
                }
                return "lowerdir=" + escaped.joined(separator: ":")
            },
            prepare: { m in
                for (index, name) in odd.enumerated() {
                    try m.scratch.mkdir(name)
                    try m.scratch.write("\(name)/f\(index)", name)
                }
            })
        for (index, name) in odd.enumerated() { #expect(try m.merged.read("f\(index)") == name) }
    }

    @Test("1.1 lowerdir+= adds one more at the bottom, without escapes")
    func appended() throws {
        let m = try Merged(
            .shale, [["a": "top"]],
            exact: { "lowerdir=\($0.stack.lowers[0]),lowerdir+=\($0.scratch.path)/x:y\\z" },
            prepare: { m in
                try m.scratch.mkdir("x:y\\z")
                try m.scratch.write("x:y\\z/a", "hidden")
                try m.scratch.write("x:y\\z/b", "bottom")
            })
        #expect(try m.merged.read("a") == "top")
        #expect(try m.merged.read("b") == "bottom")
    }

    @Test("1.1 five hundred lowers work, and one more is refused")
    func many() throws {
        let m = try Merged(.shale, (0..<500).map { ["same": .file(Array("\($0)".utf8)), "n\($0)": ""] })
        #expect(try m.merged.read("same") == "0")
        #expect(try m.merged.list().count == 501)
        try m.merged.write("n499", "changed")
        #expect(try m.upper.read("n499") == "changed")
        m.stop()
        try m.scratch.mkdir("one more")
        let outcome = Helper.run("-o", m.stack.options("lowerdir+=\(m.scratch.path)/one more"), m.merged.path)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("500"), "says the limit: \(outcome.errors)")
        #expect(mountLine(m.merged.path) == nil)
    }

    @Test("1.2 without an upper every change gets EROFS", arguments: Implementation.both)
    func readOnly(_ by: Implementation) throws {
        let m = try Merged(
            by, [["f": "x", "d": ["e": "y"], "empty": [:]], [:]],
            exact: { "lowerdir=" + $0.stack.lowers.joined(separator: ":") })
        let place = m.merged
        #expect(try place.read("d/e") == "y")
        let changes: [(String, () throws(Errno) -> Void)] = [
            ("create", { () throws(Errno) in try place.write("new", "") }),
            ("open for writing", { () throws(Errno) in _ = try place.open("f", O_WRONLY) }),
            ("truncate", { () throws(Errno) in try place.truncate("f", 0) }),
            ("unlink", { () throws(Errno) in try place.unlink("f") }),
            ("mkdir", { () throws(Errno) in try place.mkdir("new") }),
            ("rmdir", { () throws(Errno) in try place.rmdir("empty") }),
            ("rename", { () throws(Errno) in try place.rename("f", "g") }),
            ("link", { () throws(Errno) in try place.link("f", "g") }),
            ("symlink", { () throws(Errno) in try place.symlink("f", "g") }),
            ("mkfifo", { () throws(Errno) in try place.mkfifo("g") }),
            ("chmod", { () throws(Errno) in try place.chmod("f", 0o600) }),
            ("chown", { () throws(Errno) in try place.chown("f", geteuid(), getegid()) }),
            ("utimes", { () throws(Errno) in try place.utimes("f", 1) }),
            ("setxattr", { () throws(Errno) in try place.setAttribute("f", "user.a", "1") }),
            ("O_TMPFILE", { () throws(Errno) in _ = try place.open("d", Int32(CL_O_TMPFILE) | O_RDWR) }),
        ]
        for (name, change) in changes { #expect(throws: Errno.readOnly, "\(name)") { try change() } }
    }

    /// One stack that cannot work: its options, and what the line must name.
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let names: String
        let options: String
        var mountPoint = "merged"
    }

    static let broken: [Broken] = [
        Broken(
            testDescription: "missing lower", names: "@/none",
            options: "lowerdir=@/none,upperdir=@/upper,workdir=@/work"),
        Broken(
            testDescription: "missing upper", names: "@/none", options: "lowerdir=@/l0,upperdir=@/none,workdir=@/work"),
        Broken(
            testDescription: "missing work", names: "@/none", options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/none"),
        Broken(
            testDescription: "lower is a file", names: "@/l0/f",
            options: "lowerdir=@/l0/f,upperdir=@/upper,workdir=@/work"),
        Broken(
            testDescription: "upper is a file", names: "@/l0/f", options: "lowerdir=@/l0,upperdir=@/l0/f,workdir=@/work"
        ),
        Broken(
            testDescription: "work is a file", names: "@/l0/f", options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/l0/f"
        ),
        Broken(
            testDescription: "upper is work", names: "@/upper",
            options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/upper"),
        Broken(
            testDescription: "work in upper", names: "@/upper/in",
            options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/upper/in"),
        Broken(
            testDescription: "upper in work", names: "@/work",
            options: "lowerdir=@/l0,upperdir=@/work/in,workdir=@/work"),
        Broken(testDescription: "upper alone", names: "workdir", options: "lowerdir=@/l0,upperdir=@/upper"),
        Broken(testDescription: "work alone", names: "upperdir", options: "lowerdir=@/l0,workdir=@/work"),
        Broken(testDescription: "no lower", names: "lowerdir", options: "upperdir=@/upper,workdir=@/work"),
        Broken(
            testDescription: "mount point in upper", names: "@/upper/in",
            options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/work", mountPoint: "upper/in"),
        Broken(
            testDescription: "missing mount point", names: "@/none",
            options: "lowerdir=@/l0,upperdir=@/upper,workdir=@/work", mountPoint: "none"),
        Broken(
            testDescription: "other filesystem", names: "/dev/shm",
            options: "lowerdir=@/l0,upperdir=@/upper,workdir=/dev/shm"),
    ]

    @Test("1.2, 1.3 a stack that cannot work is refused in one line that names the directory", arguments: broken)
    func refused(_ broken: Broken) throws {
        let stack = try Stack(lowers: [["f": "x"]], upper: ["in": [:]])
        let place = Place(path: stack.path)
        try place.mkdir("work/in")
        let here = { (text: String) in
            text.split(separator: "@", omittingEmptySubsequences: false).joined(separator: stack.path)
        }
        let point = place.at(broken.mountPoint)
        let outcome = Helper.run("-o", here(broken.options), point)
        #expect(outcome.status != 0)
        #expect(outcome.errors.split(separator: "\n").count == 1, "one line: \(outcome.errors)")
        #expect(outcome.errors.contains(here(broken.names)), "names \(broken.names): \(outcome.errors)")
        #expect(mountLine(point) == nil)
        #expect(try place.list("upper") == ["in"])
        if mountLine(point) != nil { _ = run(["umount", "-l", point]) }
    }

    @Test("1.3 an upper or work in use by a live mount is refused, and free after it")
    func inUse() throws {
        let m = try Merged(.shale, [["f": "x"]])
        try m.scratch.mkdir("other")
        try m.scratch.mkdir("work2")
        try m.scratch.mkdir("upper2")
        let uses = [
            (m.upper.path, m.work.path), (m.upper.path, m.scratch.at("work2")), (m.scratch.at("upper2"), m.work.path),
        ]
        for (upper, work) in uses {
            let options = "lowerdir=\(m.lower().path),upperdir=\(upper),workdir=\(work)"
            let outcome = Helper.run("-o", options, m.scratch.at("other"))
            #expect(outcome.status != 0, "\(options)")
            #expect(outcome.errors.contains(upper) || outcome.errors.contains(work), "\(outcome.errors)")
            if outcome.status == 0 {
                _ = shell("fusermount3 -u \(m.scratch.at("other")) || umount \(m.scratch.at("other"))")
            }
        }
        try m.remount()
        #expect(try m.merged.read("f") == "x")
    }

    @Test("1.3 an upper that can store no whiteout is refused", .needsMounting)
    func noWhiteouts() throws {
        let m = try Merged(.shale, [["f": "x"]])
        m.stop()
        let other = try m.tmpfs("t")
        try other.mkdir("u")
        try other.mkdir("w")
        try check(cl_mount("none", other.path, nil, 32 | UInt(CL_MS_RDONLY), nil))
        let options = "lowerdir=\(m.lower().path),upperdir=\(other.path)/u,workdir=\(other.path)/w"
        let outcome = Helper.run("-o", options, m.merged.path)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains(other.path), "\(outcome.errors)")
        #expect(mountLine(m.merged.path) == nil)
        if mountLine(m.merged.path) != nil { _ = cl_umount2(m.merged.path, Int32(CL_MNT_DETACH)) }
    }

    @Test("1.4 a lower may be reached through a symlink", arguments: Implementation.both)
    func symlinkedLower(_ by: Implementation) throws {
        let m = try Merged(
            by, [["f": "x"]], exact: { "lowerdir=\($0.scratch.at("way")):\($0.lower().path)" },
            prepare: { m in
                try m.scratch.mkdir("real")
                try m.scratch.write("real/g", "y")
                try m.scratch.symlink("real", "way")
            })
        #expect(try m.merged.list() == ["f", "g"])
        #expect(try m.merged.read("g") == "y")
    }

    @Test("1.4 a directory that becomes a symlink under the mount leads nowhere")
    func swappedForSymlink() throws {
        let m = try Merged(.shale, [["d": ["f": "inside", "sub": ["f": "inside"]]]])
        try m.scratch.mkdir("outside")
        for name in ["f", "secret"] { try m.scratch.write("outside/\(name)", "OUTSIDE") }
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        let heldSub = try m.merged.open("d/sub", O_RDONLY | O_DIRECTORY)
        try m.lower().rename("d/sub", "d/gone")
        try m.lower().symlink(m.scratch.at("outside"), "d/sub")
        try m.lower().rename("d", "moved")
        try m.lower().symlink(m.scratch.at("outside"), "d")
        for directory in [held.fd, heldSub.fd] {
            for name in ["f", "secret"] {
                guard let file = try? directory.open(name, .readOnly) else { continue }
                #expect((try? file.text()) != "OUTSIDE", "\(name)")
            }
        }
        _ = cl_openat(held.raw, "made", O_CREAT | O_WRONLY, 0o644)
        #expect(!m.scratch.exists("outside/made"))
    }

    @Test("1.4 an upper directory that becomes a symlink under the mount leads nowhere")
    func swappedUpper() throws {
        let m = try Merged(.shale, [[:]], upper: ["d": ["f": "inside"]])
        try m.scratch.mkdir("outside")
        try m.scratch.write("outside/f", "OUTSIDE")
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        try m.upper.rename("d", "moved")
        try m.upper.symlink(m.scratch.at("outside"), "d")
        for name in ["f", "g"] {
            guard let file = try? held.fd.open(name, [.create, .writeOnly], mode: 0o644) else { continue }
            try? file.write("WRITTEN", at: 0)
        }
        m.stop()
        #expect(try m.scratch.tree("outside") == ["outside/f 100644 7 OUTSIDE"])
    }

    @Test("1.4 what is mounted inside a layer is not crossed into", .needsMounting, arguments: Implementation.both)
    func noCrossing(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": ["f": "layer"]]],
            prepare: { m in
                let other = try m.tmpfs("l0/d/t")
                try other.write("secret", "x")
            })
        #expect(try m.merged.read("d/f") == "layer")
        #expect(((try? m.merged.list("d/t")) ?? []).isEmpty)
        #expect(!m.merged.exists("d/t/secret"))
    }

    @Test("1.5 lowers are never written, not even their access times", arguments: Implementation.both)
    func untouched(_ by: Implementation) throws {
        let m = try Merged(
            by, [["f": "x", "g": "y", "s": .symlink("f"), "d": ["e": "z"], "gone": ["a": "1"]]],
            prepare: { m in for name in ["f", "g", "d/e", "d", "gone", "s", ""] { try m.lower().utimes(name, 1000) } })
        func times() throws -> [String] {
            // Nobody reads a symlink without a trace, but on a mount of one's own that keeps none.
            try (["", "f", "g", "d", "d/e", "gone"] + (Environment.mayMount ? ["s"] : [])).map { name in
                let s = try m.lower().status(name)
                return "\(name) \(s.atime_s) \(s.mtime_s) \(s.ctime_s).\(s.ctime_ns) \(s.mode) \(s.nlink) \(s.size)"
            }
        }
        let before = try times()
        _ = try m.merged.read("f")
        _ = try m.merged.tree()
        try m.merged.append("f", "more")
        try m.merged.chmod("g", 0o600)
        try m.merged.write("d/e", "new")
        try m.merged.link("g", "linked")
        try m.merged.rename("g", "d/moved")
        try m.merged.unlink("gone/a")
        try m.merged.rmdir("gone")
        let after = try times()
        #expect(after == before)
    }
}
