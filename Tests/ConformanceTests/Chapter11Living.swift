import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("11 Living") struct Chapter11Living {
    /// A stack that the test itself mounts, and a tag that finds its server.
    private struct Own {
        let stack: Stack
        let tag = "conformance-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        var point: Place { Place(path: stack.path + "/merged") }
        var upper: Place { Place(path: stack.upper) }
        var lower: Place { Place(path: stack.lowers[0]) }
        var options: String { stack.options("fsname=\(tag)") }
        var servers: [pid_t] { processes(naming: tag).filter { !hasEnded($0) } }

        init(_ lowers: [Item]) throws { stack = try Stack(lowers: lowers) }

        func mount(_ more: String...) -> Outcome { run([Helper.path, "-o", options] + more + [point.path]) }
        func takeAway() {
            _ = shell("umount -l \(point.path) 2>/dev/null || fusermount3 -uz \(point.path) 2>/dev/null")
        }
    }

    private static let shale = Program.beside("shale")

    static let endings: [String] =
        ["shale umount"] + (Environment.mayMount ? ["umount"] : [])
        + (Environment.here == .single || Environment.here == .subordinate ? [] : ["fusermount3 -u"])

    @Test(
        "11.1 a mount that returned answers; each way to end it flushes, ends the server and frees the upper",
        arguments: endings)
    func ending(_ how: String) throws {
        let own = try Own([["f": "x"]])
        defer { own.takeAway() }
        let words = how.split(separator: " ").map { $0 == "shale" ? Self.shale : String($0) }
        for round in 0..<5 {
            let mounted = run([Self.shale, "mount", "-o", own.options, own.point.path])
            #expect(mounted.status == 0, "round \(round): \(mounted.errors)")
            #expect(try own.point.list().contains("f"))
            #expect(mountLine(own.point.path) != nil)
            for index in 0..<200 { try own.point.write("n\(round)-\(index)", "content") }
            let ended = run(words + [own.point.path])
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(mountLine(own.point.path) == nil)
            #expect(try own.upper.read("n\(round)-199") == "content")
            // At once: no waiting for whoever served.
        }
        #expect(eventually(seconds: 5) { own.servers.isEmpty })
    }

    @Test("11.1 shale umount of what is no mount, and of a busy one, says why")
    func notMounted() throws {
        let own = try Own([["f": "x"]])
        defer { own.takeAway() }
        let none = run([Self.shale, "umount", own.point.path])
        #expect(none.status != 0)
        #expect(none.errors.contains(own.point.path), "\(none.errors)")
        #expect(own.mount().status == 0)
        let held = try own.point.open("f", O_RDONLY)
        let busy = run([Self.shale, "umount", own.point.path])
        #expect(busy.status != 0)
        #expect(busy.errors.contains(own.point.path), "\(busy.errors)")
        #expect(try own.point.read("f") == "x")
        _ = cl_close(held.release())
        #expect(run([Self.shale, "umount", own.point.path]).status == 0)
    }

    @Test("11.1 shale mount fails with a reason and a status")
    func failing() throws {
        let own = try Own([["f": "x"]])
        let outcome = run([
            Self.shale, "mount", "-o", "lowerdir=/nowhere at all,upperdir=\(own.upper.path),workdir=\(own.stack.work)",
            own.point.path,
        ])
        #expect(outcome.status != 0)
        #expect(
            outcome.errors.contains("/nowhere at all") && outcome.errors.split(separator: "\n").count == 1,
            "\(outcome.errors)")
        #expect(mountLine(own.point.path) == nil)
    }

    @Test("11.1, 11.2 in the foreground it stays; SIGTERM and SIGINT unmount cleanly", arguments: [SIGTERM, SIGINT])
    func signals(_ number: Int32) throws {
        let own = try Own([["f": "x"]])
        defer { own.takeAway() }
        let server = Running([Helper.path, "--foreground", "-o", own.options, own.point.path])
        #expect(eventually { own.point.exists("f") })
        #expect(!server.hasEnded)
        try own.point.write("new", "kept")
        kill(server.pid, number)
        #expect(eventually { server.hasEnded })
        #expect(server.wait() == 0)
        #expect(mountLine(own.point.path) == nil)
        #expect(try own.upper.read("new") == "kept")
        #expect(own.mount().status == 0)
        #expect(try own.point.read("new") == "kept")
    }

    @Test("11.2 SIGTERM to a server in the background unmounts too")
    func backgroundSignal() throws {
        let own = try Own([["f": "x"]])
        defer { own.takeAway() }
        #expect(own.mount().status == 0)
        let server = try #require(own.servers.first)
        kill(server, SIGTERM)
        #expect(eventually { hasEnded(server) })
        #expect(mountLine(own.point.path) == nil)
    }

    @Test("11.2 after kill -9 the mount point is taken over, and the upper is whole")
    func killed() throws {
        let own = try Own([["f": "x", "d": ["e": "y"]]])
        defer { own.takeAway() }
        for round in 0..<5 {
            let mounted = run([Self.shale, "mount", "-o", own.options, own.point.path])
            #expect(mounted.status == 0, "round \(round): \(mounted.errors)")
            let file = try own.point.open("new\(round)", O_WRONLY | O_CREAT)
            try file.write("synced", at: 0)
            try check(cl_fsync(file.raw))
            for server in own.servers { killHard(server) }
            // ECONNABORTED for who is there when it ends, ENOTCONN for who comes later.
            #expect(throws: Errno.self) { _ = try own.point.list() }
        }
        #expect(own.mount().status == 0)
        #expect(try own.point.list().filter { $0.hasPrefix("new") }.count == 5)
        for round in 0..<5 { #expect(try own.point.read("new\(round)") == "synced") }
    }

    @Test("11.3 a layer that changes under the mount gives an errno to that caller alone")
    func changing() throws {
        let own = try Own([
            [
                "gone": "x", "dir": ["a": "", "b": ""], "file": "f",
                "short": .file(Array(repeating: 0x61, count: 100_000)), "loop": .symlink("loop"), "fine": "fine",
            ]
        ])
        defer { own.takeAway() }
        #expect(own.mount().status == 0)
        let server = try #require(own.servers.first)
        _ = try own.point.tree("dir")
        #expect(throws: Errno.loop) { _ = try own.point.read("loop") }
        try own.lower.unlink("gone")
        #expect(run(["rm", "-r", own.lower.at("dir")]).status == 0)
        try own.lower.write("dir", "now a file")
        try own.lower.unlink("file")
        try own.lower.mkdir("file")
        try own.lower.truncate("short", 10)
        try own.lower.chmod("", 0o755)
        for name in ["gone", "dir/a", "dir", "file", "short", "loop", "loop/x"] {
            _ = try? own.point.read(name)
            _ = try? own.point.list(name)
            _ = try? own.point.chmod(name, 0o600)
            _ = try? own.point.append(name, "x")
            _ = try? own.point.rename(name, "moved")
            _ = try? own.point.rename("moved", name)
            _ = try? own.point.unlink(name)
        }
        #expect(try own.point.read("fine") == "fine")
        #expect(try own.point.list().contains("fine"))
        #expect(!hasEnded(server))
    }

    @Test(
        "11.3 lies in a layer's attributes end nothing",
        arguments: ["redirect", "metacopy", "opaque", "origin", "nlink", "upper"])
    func lies(_ attribute: String) throws {
        let own = try Own([["f": "x", "d": ["e": ""], "fine": "fine"]])
        defer { own.takeAway() }
        for (index, value) in [
            "", "/", "../../../etc", "/../etc/passwd", String(repeating: "a/", count: 2000), "\u{0}\u{fb}\u{ff}",
        ].enumerated() {
            for name in ["f", "d", ""] {
                _ = try? own.lower.setAttribute(name, Environment.overlayAttributes + attribute, value)
            }
            let mounted = own.mount("-o", "redirect_dir=on,metacopy=on")
            guard mounted.status == 0 else { continue }
            let server = try #require(own.servers.first)
            for name in ["f", "d", "d/e"] {
                _ = try? own.point.read(name)
                #expect((try? own.point.read(name))?.contains("root:") != true, "\(attribute) \(index)")
                _ = try? own.point.list(name)
                _ = try? own.point.chmod(name, 0o700)
                _ = try? own.point.append(name, "x")
            }
            #expect(!own.point.exists("d/passwd"), "\(attribute) \(index) leads outside")
            #expect(!hasEnded(server), "\(attribute) \(index)")
            #expect(run([Self.shale, "umount", own.point.path]).status == 0)
            _ = eventually { own.servers.isEmpty }
        }
    }

    @Test(
        "11.3 what cannot be read gives an errno to that caller alone",
        .enabled(if: Environment.here == .user, "root reads everything"))
    func unreadable() throws {
        let own = try Own([
            ["no": .file([], mode: 0o000), "dir": .directory([.init([0x61], "")], mode: 0o000), "fine": "fine"]
        ])
        defer {
            own.takeAway()
            _ = try? own.lower.chmod("dir", 0o700)
        }
        #expect(own.mount().status == 0)
        #expect(throws: Errno.access) { _ = try own.point.read("no") }
        #expect(throws: Errno.access) { _ = try own.point.list("dir") }
        #expect(throws: Errno.access) { try own.point.append("no", "x") }
        #expect(try own.point.read("fine") == "fine")
    }

    @Test("11.3 running out of descriptors gives an errno, and passes")
    func descriptors() throws {
        let own = try Own([.directory((0..<600).map { .init(Array("f\($0)".utf8), .file(Array("x".utf8))) })])
        defer { own.takeAway() }
        #expect(
            run(["sh", "-c", "ulimit -n 256; exec \(Helper.path) -o \(own.options) \(own.point.path)"]).status == 0)
        let server = try #require(own.servers.first)
        var held: [Int32] = []
        for index in 0..<600 {
            let fd = cl_openat(-100, own.point.at("f\(index)"), index % 2 == 0 ? O_RDONLY : O_RDWR, 0)
            if fd >= 0 { held.append(fd) } else { #expect([-EMFILE, -ENFILE].contains(fd), "f\(index): \(fd)") }
        }
        #expect(!held.isEmpty)
        for fd in held { _ = cl_close(fd) }
        #expect(!hasEnded(server))
        #expect(eventually(seconds: 2) { (try? own.point.read("f7")) == "x" })
        try own.point.append("f200", "y")
        #expect(try own.point.read("f200") == "xy")
    }
}
