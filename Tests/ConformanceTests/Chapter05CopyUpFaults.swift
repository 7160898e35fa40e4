import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 5.2 to 5.6: what a copy-up costs, and when it fails.
@Suite("5 Copy-up: cost and faults") struct Chapter05CopyUpFaults {
    /// Everything in work, the hard-link index excepted.
    private func leftovers(_ work: Place) throws -> [String] {
        try work.list().flatMap { name in
            name == "index" ? [] : ((try? work.list(name)) ?? []).map { "\(name)/\($0)" }
        }.filter { !$0.hasPrefix("work/incompat") }
    }

    @Test("5.2 kill -9 in a copy-up leaves the lower's version or the whole copy, and the next mount cleans work")
    func killed() throws {
        let tag = "conformance-kill-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let m = try Merged(
            .shale, [["f": ""]], options: "fsname=\(tag)",
            prepare: { m in
                #expect(shell("head -c 50000000 /dev/urandom > \(m.lower().at("f"))").status == 0)
            })
        var whole = 0
        for delay in [0, 2, 5, 10, 15, 20, 30, 50, 80, 120] {
            let change = Running(["chmod", "600", m.merged.at("f")])
            usleep(UInt32(delay) * 1000)
            for server in processes(naming: tag) { killHard(server) }
            _ = change.wait()
            if m.upper.exists("f") {
                whole += 1
                #expect(run(["cmp", m.lower().at("f"), m.upper.at("f")]).status == 0, "after \(delay) ms")
            }
            try m.remount()
            #expect(try leftovers(m.work) == [], "after \(delay) ms")
            #expect(run(["cmp", m.lower().at("f"), m.merged.at("f")]).status == 0)
            m.stop()
            if m.upper.exists("f") { try m.upper.unlink("f") }
            try m.remount()
        }
        #expect(whole < 10, "no kill came before the end of a copy: the test proves nothing")
    }

    @Test("5.2 junk in work is cleaned by the next mount", arguments: Implementation.both)
    func cleaned(_ by: Implementation) throws {
        let m = try Merged(by, [["f": "x"]])
        m.stop()
        try m.work.write("work/#1a", "half a copy")
        try m.work.mkdir("work/#1b")
        try m.work.write("work/#1b/inside", "")
        try m.work.mknod("work/#1c", 0o020000)
        try m.remount()
        #expect(try leftovers(m.work) == [])
        try m.merged.unlink("f")
        #expect(try m.merged.list() == [])
    }

    /// A stack whose upper has little room: `size` bytes.
    private func small(
        _ by: Implementation, _ lowers: [Item], size: Int, options: String = "", prepare: (Merged) throws -> Void
    ) throws -> Merged {
        try Merged(
            by, lowers,
            exact: { m in
                "lowerdir=\(m.stack.lowers.joined(separator: ":")),upperdir=\(m.scratch.at("t/u")),workdir=\(m.scratch.at("t/w"))"
                    + options
            },
            prepare: { m in
                let room = try m.tmpfs("t", "size=\(size)")
                try room.mkdir("u")
                try room.mkdir("w")
                try prepare(m)
            })
    }

    private func fill(_ m: Merged, _ name: String, _ size: Int) {
        #expect(shell("head -c \(size) /dev/urandom > \(m.lower().at(name))").status == 0)
    }

    @Test("5.4 opening with O_TRUNC copies no data", .needsMounting, arguments: Implementation.both)
    func truncating(_ by: Implementation) throws {
        let m = try small(by, [["f": ""]], size: 1 << 20) { fill($0, "f", 8 << 20) }
        try m.merged.write("f", "short")
        #expect(try m.merged.read("f") == "short")
        #expect(try m.merged.status("f").size == 5)
    }

    @Test(
        "5.4 metacopy=on: chmod, chown, utimes and xattr changes copy no data", arguments: Implementation.withFeatures)
    func metacopy(_ by: Implementation) throws {
        let m = try Merged(
            by, [["a": "", "b": "", "c": "", "d": ""]], options: "metacopy=on",
            prepare: { m in for name in ["a", "b", "c", "d"] { fill(m, name, 300_000) } })
        try m.merged.chmod("a", 0o600)
        try m.merged.chown("b", Environment.mayChown ? Environment.stranger : geteuid(), getegid())
        try m.merged.utimes("c", 5)
        try m.merged.setAttribute("d", "user.note", "n")
        for _ in 0..<2 {
            for name in ["a", "b", "c", "d"] {
                let upper = try m.upper.status(name)
                #expect(upper.blocks < 64, "\(name) has \(upper.blocks) blocks")
                #expect(upper.size == 300_000)
                #expect(try m.merged.status(name).size == 300_000)
                #expect(run(["cmp", m.lower().at(name), m.merged.at(name)]).status == 0, "\(name)")
            }
            try m.remount()
        }
        for name in ["a", "b", "c", "d"] {
            try m.merged.append(name, "more")
            #expect(try m.upper.status(name).blocks >= 512)
            #expect(run(["cmp", "-n", "300000", m.lower().at(name), m.merged.at(name)]).status == 0)
            #expect(try m.merged.status(name).size == 300_004)
        }
        #expect(try m.merged.status("a").mode == 0o100600)
        #expect(try m.merged.attribute("d", "user.note") == [0x6e])
    }

    @Test(
        "5.4 data of metacopies is there after renames, also of their directory", arguments: Implementation.withFeatures
    )
    func metacopyRenamed(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["f": "data", "g": "more"]]], options: "metacopy=on,redirect_dir=on")
        try m.merged.chmod("d/f", 0o600)
        try m.merged.rename("d/f", "moved")
        try m.merged.chmod("d/g", 0o600)
        try m.merged.rename("d", "e")
        for _ in 0..<2 {
            #expect(try m.merged.tree() == ["e/ 40755", "e/g 100600 4 more", "moved 100600 4 data"])
            try m.remount()
        }
    }

    @Test(
        "5.4 an upper that the kernel wrote with metacopy is read rightly or refused", .needsRealRoot,
        arguments: ["", "metacopy=on"])
    func kernelMetacopy(_ options: String) throws {
        let m = try Merged(.kernel, [["f": "data", "d": ["g": "more"]]], options: "metacopy=on,redirect_dir=on")
        try m.merged.chmod("f", 0o600)
        try m.merged.chmod("d/g", 0o600)
        try m.merged.rename("d", "e")
        m.stop()
        do { try m.remount(by: .shale, options: options) } catch { return }
        for (name, content) in [("f", "data"), ("e/g", "more")] {
            do throws(Errno) {
                #expect(try m.merged.read(name) == content)
            } catch {
                #expect(error == .io, "\(name)")
            }
        }
    }

    @Test(
        "5.6 out of space: the caller gets ENOSPC, the lower's version stays, nothing is left", .needsMounting,
        arguments: Implementation.both)
    func full(_ by: Implementation) throws {
        let m = try small(by, [["d": ["f": ""], "ok": "x"]], size: 2 << 20) { fill($0, "d/f", 8 << 20) }
        #expect(throws: Errno.noSpace) { try m.merged.chmod("d/f", 0o600) }
        #expect(throws: Errno.noSpace) { _ = try m.merged.open("d/f", O_RDWR) }
        #expect(throws: Errno.noSpace) { try m.merged.append("d/f", "x") }
        #expect(throws: Errno.noSpace) { try m.merged.link("d/f", "d/g") }
        #expect(run(["cmp", m.lower().at("d/f"), m.merged.at("d/f")]).status == 0)
        #expect(try m.merged.status("d/f").mode == 0o100644)
        #expect(!m.scratch.exists("t/u/d/f"))
        #expect(try leftovers(Place(path: m.scratch.at("t/w"))) == [])
        try m.merged.append("ok", "y")
        #expect(try m.merged.read("ok") == "xy")
        try m.remount()
        #expect(run(["cmp", m.lower().at("d/f"), m.merged.at("d/f")]).status == 0)
    }

    @Test(
        "5.6 an I/O error half-way: the caller gets EIO, nothing is left", .needsRealRoot,
        arguments: Implementation.both)
    func failing(_ by: Implementation) throws {
        let m = try Merged(
            by, [[:]],
            exact: { m in
                "lowerdir=\(m.scratch.at("disk")):\(m.stack.lowers[0]),upperdir=\(m.upper.path),workdir=\(m.work.path)"
            },
            prepare: { m in
                try m.scratch.mkdir("disk")
                let image = m.scratch.at("image")
                let made = shell(
                    "truncate -s 64M \(image) && mkfs.ext4 -q -O ^has_journal \(image) && mount -o loop \(image) \(m.scratch.at("disk"))"
                        + " && head -c 40000000 /dev/urandom > \(m.scratch.at("disk/f")) && sync"
                        + " && truncate -s 20M \(image) && echo 3 > /proc/sys/vm/drop_caches")
                #expect(made.status == 0, "\(made.errors)")
            })
        defer {
            m.stop()
            _ = run(["umount", m.scratch.at("disk")])
        }
        #expect(run(["cat", m.merged.at("f")]).errors.contains("Input/output error"), "the disk below fails")
        #expect(throws: Errno.io) { try m.merged.chmod("f", 0o600) }
        #expect(throws: Errno.io) { try m.merged.append("f", "x") }
        #expect(throws: Errno.io) { try m.merged.rename("f", "g") }
        #expect(try m.merged.status("f").mode == 0o100644)
        #expect(try m.merged.list() == ["f", "lost+found"])
        #expect(!m.upper.exists("f"))
        #expect(try leftovers(m.work) == [])
        try m.merged.write("f", "anew")
        #expect(try m.merged.read("f") == "anew")
    }
}
