import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("5 Changing what is below: copy-up") struct Chapter05CopyUp {
    /// Metadata that a copy must keep, as one line.
    private func metadata(_ place: Place, _ name: String, times: Bool = true) throws -> String {
        let s = try place.status(name)
        let keys = try place.attributeNames(name).filter { !$0.contains(".overlay.") && $0 != "security.selinux" }
        let values = try keys.map { "\($0)=\(try place.attribute(name, $0) ?? [])" }
        let when = times ? "\(s.atime_s).\(s.atime_ns) \(s.mtime_s).\(s.mtime_ns)" : ""
        return "\(String(s.mode, radix: 8)) \(s.uid):\(s.gid) \(when) \(values)"
    }

    /// What a lower has: everything that a copy could lose.
    private func dress(_ m: Merged) throws {
        let l = m.lower()
        for name in ["p", "p/q", "p/q/f", "p/q/other"] { try l.setAttribute(name, "user.note", "of \(name)") }
        _ = run(["setfacl", "-m", "u:\(geteuid()):rwx,g:\(getegid()):rx", l.at("p/q/f"), l.at("p")])
        _ = run(["setfacl", "-d", "-m", "u:\(geteuid()):rwx", l.at("p/q")])
        if Environment.mayChown {
            try l.chown("p", Environment.stranger, 1235)
            try l.chown("p/q/f", 1236, 1237)
        }
        if Environment.mayMount { _ = run(["setcap", "cap_net_raw+ep", l.at("p/q/f")]) }
        try l.chmod("p", 0o700)
        try l.chmod("p/q", 0o2755)
        try l.chmod("p/q/f", 0o751)
        for (time, name) in ["p/q/f", "p/q", "p", ""].enumerated() { try l.utimes(name, 1_000_000 + Int64(time)) }
    }

    static let changes: [String] = [
        "chmod", "chown", "utimes", "setxattr", "open for writing", "append", "truncate", "link", "rename",
    ]

    @Test(
        "5.1 the first change copies the file and its parents with all metadata", arguments: Implementation.both,
        changes)
    func kept(_ by: Implementation, _ change: String) throws {
        let m = try Merged(by, [["p": ["q": ["f": "content", "other": "o"]]]], prepare: dress)
        let f = "p/q/f"
        let before = try ["p", "p/q", f].map { try metadata(m.lower(), $0) }
        #expect(try ["p", "p/q", f].map { try metadata(m.merged, $0) } == before)
        #expect(try m.merged.read(f) == "content")
        #expect(try m.upper.list() == [], "reading copies nothing")
        switch change {
        case "chmod": try m.merged.chmod(f, 0o751)
        case "chown": try m.merged.chown(f, .max, .max)
        case "utimes": try m.merged.utimes(f, 1_000_000)
        case "setxattr": try m.merged.setAttribute(f, "user.note", "of p/q/f")
        case "open for writing": _ = try m.merged.open(f, O_WRONLY)
        case "append": try m.merged.append(f, "+")
        case "truncate": try m.merged.truncate(f, 3)
        case "link": try m.merged.link(f, "p/q/linked")
        default: try m.merged.rename(f, "p/q/renamed")
        }
        m.stop()
        let now = change == "rename" ? "p/q/renamed" : f
        guard change != "chown" || m.upper.exists(now) else { return }
        // A write is a change of its own: it takes capabilities away, and moves the times.
        let writes = ["append", "truncate"].contains(change)
        if writes {
            #expect(try m.upper.status(f).mode == 0o100751)
            #expect(try m.upper.attribute(f, "security.capability") == nil)
            #expect(try m.upper.attribute(f, "user.note") == Array("of p/q/f".utf8))
            #expect(
                try m.upper.attribute(f, "system.posix_acl_access") == m.lower().attribute(f, "system.posix_acl_access")
            )
        } else if change == "chown" {
            #expect(try m.upper.attribute(f, "user.note") == Array("of p/q/f".utf8))
        } else {
            #expect(try metadata(m.upper, now) == before[2])
        }
        #expect(try metadata(m.upper, "p") == before[0])
        // A new name in the directory is a change of its own.
        let named = ["link", "rename"].contains(change)
        #expect(try metadata(m.upper, "p/q", times: !named) == metadata(m.lower(), "p/q", times: !named))
        #expect(try m.upper.list("p/q").contains("other") == false)
        let content = ["append": "content+", "truncate": "con"][change] ?? "content"
        #expect(try m.upper.read(now) == content)
        #expect(try metadata(m.lower(), f) == before[2])
    }

    @Test("5.1 modes of directories are kept: 0700, 1777, 2755, 0555", arguments: Implementation.both)
    func directoryModes(_ by: Implementation) throws {
        let modes: [(String, UInt32)] = [("a", 0o700), ("b", 0o1777), ("c", 0o2755), ("d", 0o2775), ("e", 0o711)]
        let m = try Merged(
            by, [.directory(modes.map { .init(Array($0.0.utf8), .directory([.init([0x66], "")], mode: $0.1)) })])
        for (name, mode) in modes {
            try m.merged.chmod(name + "/f", 0o600)
            #expect(try m.upper.status(name).mode == 0o040000 | mode)
            #expect(try m.merged.status(name).mode == 0o040000 | mode)
        }
    }

    @Test("5.1, 5.3 holes are kept: 1 TiB with 4 KiB of data in milliseconds", arguments: Implementation.both)
    func sparse(_ by: Implementation) throws {
        let size: Int64 = 1 << 40
        let m = try Merged(
            by, [["f": ""]],
            prepare: { m in
                try m.lower().open("f", O_WRONLY).write(String(repeating: "d", count: 4096), at: size / 2)
                try m.lower().truncate("f", size)
            })
        let time = try ContinuousClock().measure { try m.merged.append("f", "") }
        #expect(time < .milliseconds(500), "\(time)")
        let status = try m.upper.status("f")
        #expect(status.size == UInt64(size))
        // The kernel copies a MiB at a time.
        #expect(status.blocks <= (by == .kernel ? 4096 : 64), "\(status.blocks) blocks")
        #expect(try m.merged.open("f", O_RDONLY).text(at: size / 2).hasPrefix(String(repeating: "d", count: 4096)))
        #expect(try m.merged.open("f", O_RDONLY).text(at: size / 2 - 65536).allSatisfy { $0 == "\0" })
    }

    @Test("5.1 a file with many extents is copied exactly", arguments: Implementation.both)
    func extents(_ by: Implementation) throws {
        let m = try Merged(
            by, [["f": ""]],
            prepare: { m in
                let file = try m.lower().open("f", O_WRONLY)
                for index in 0..<200 { try file.write("extent \(index)", at: Int64(index) * 100_003) }
                try m.lower().truncate("f", 30_000_000)
            })
        try m.merged.chmod("f", 0o600)
        #expect(run(["cmp", m.lower().at("f"), m.upper.at("f")]).status == 0)
        // The kernel looks for holes a MiB at a time, and fills these.
        if by == .shale { #expect(try m.upper.status("f").blocks <= m.lower().status("f").blocks + 64) }
    }

    @Test("5.5 a symlink, device, fifo or socket is copied as itself", arguments: Implementation.both)
    func specials(_ by: Implementation) throws {
        let m = try Merged(
            by, [["l": .symlink("nowhere/at all"), "p": .fifo]],
            prepare: { m in
                try m.lower().mknod("s", 0o140640)
                if Environment.isRealRoot {
                    try m.lower().mknod("c", 0o020620, 0x0103)
                    try m.lower().mknod("b", 0o060600, 0x0701)
                }
                for name in try m.lower().list() { try m.lower().utimes(name, 77) }
            })
        for name in try m.lower().list() {
            let before = try metadata(m.lower(), name)
            try m.merged.utimes(name, 77)
            #expect(m.upper.exists(name))
            #expect(try metadata(m.upper, name) == before)
            #expect(try m.upper.status(name).rdev == m.lower().status(name).rdev)
            if name == "l" {
                #expect(try m.upper.readlink(name) == "nowhere/at all")
            } else {
                try m.merged.chmod(name, 0o604)
                #expect(try m.merged.status(name).mode == m.lower().status(name).type | 0o604)
            }
        }
    }

    @Test("5.1, 5.2 many who change one file at once lose nothing", arguments: Implementation.both)
    func together(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["e": ["f": .file(Array(repeating: 0x2e, count: 100_000)), "g": ""]]]])
        let f = m.merged.at("d/e/f")
        let line = """
            for i in 1 2 3 4 5 6; do (for j in 1 2 3 4 5 6 7 8 9 10; do echo $i$j >> \(f); chmod 60$((j % 4)) \(f); \
            touch -d @$j \(f); setfattr -n user.n$i -v $j \(f); echo x > \(m.merged.at("d/e/n"))$i$j; done) & done; wait
            """
        let outcome = shell(line)
        #expect(outcome.errors == "")
        for _ in 0..<2 {
            #expect(try m.merged.status("d/e/f").size == 100_000 + 6 * (9 * 3 + 4))
            #expect(try m.merged.attributeNames("d/e/f").filter { $0.hasPrefix("user.n") }.count == 6)
            #expect(try m.merged.list("d/e").count == 62)
            try m.remount()
        }
    }

    @Test("5.1 a directory held open before its copy-up is the directory after it", arguments: Implementation.both)
    func heldDirectory(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["e": ["f": "x"]]], ["d": ["e": ["g": "y"]]]])
        let held = try m.merged.open("d/e", O_RDONLY | O_DIRECTORY)
        _ = try held.fd.open("new", [.create, .writeOnly], mode: 0o644)
        try held.fd.unlink("f")
        try held.fd.makeDirectory("sub", mode: 0o755)
        try held.fd.rename("g", to: held.fd, "h")
        #expect(try m.merged.list("d/e") == ["h", "new", "sub"])
        var names: [String] = []
        try held.fd.forEachEntry { entry in
            names.append(String(decoding: entry.name, as: UTF8.self))
            return true
        }
        #expect(names.sorted() == ["h", "new", "sub"])
        #expect(fchmod(held.raw, 0o700) == 0)
        #expect(try m.merged.status("d/e").mode == 0o040700)
        #expect(try m.upper.status("d/e").mode == 0o040700)
    }

    @Test(
        "5.1 times of a directory move when its entries change, and not when they are copied up",
        arguments: Implementation.both)
    func directoryTimes(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": ["f": "x", "g": "y"]]], prepare: { try $0.lower().utimes("d", 1000) })
        try m.merged.append("d/f", "+")
        try m.merged.chmod("d/g", 0o600)
        #expect(try m.merged.status("d").mtime_s == 1000)
        try m.remount()
        #expect(try m.merged.status("d").mtime_s == 1000)
        for change in ["unlink", "create", "rename", "link"] {
            try m.merged.utimes("d", 1000)
            switch change {
            case "unlink": try m.merged.unlink("d/f")
            case "create": try m.merged.write("d/new", "")
            case "rename": try m.merged.rename("d/g", "d/h")
            default: try m.merged.link("d/h", "d/i")
            }
            #expect(try m.merged.status("d").mtime_s > 1000, "\(change)")
        }
    }
}
