import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 5.2 to 5.8: what a copy-up costs, when it fails, and what others see of it.
@Suite("5 Copy-up: cost, faults, views") struct Chapter05CopyUpFaults {
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

    @Test("5.7 a descriptor opened before the copy-up sees what is written after it")
    func readers() throws {
        let m = try Merged(.shale, [["f": .file(Array(repeating: 0x61, count: 10_000))]])
        let reader = try m.merged.open("f", O_RDONLY)
        #expect(try reader.text().count == 10_000)
        let writer = try m.merged.open("f", O_RDWR)
        try writer.write("BBBB", at: 5_000)
        #expect(try reader.text(at: 4_999).prefix(6) == "aBBBBa")
        try m.merged.append("f", "END")
        #expect(try reader.text(at: 10_000) == "END")
        #expect(try reader.fd.status().size == 10_003)
        try check(cl_ftruncate(writer.raw, 10))
        #expect(try reader.text().count == 10)
        try m.merged.unlink("f")
        #expect(try reader.text().count == 10)
    }

    @Test("5.7 a shared mapping from before the copy-up sees what is written after it")
    func mappings() throws {
        let m = try Merged(.shale, [["f": .file(Array(repeating: 0x61, count: 8192))]])
        let reader = try m.merged.open("f", O_RDONLY)
        let address = try #require(mmap(nil, 8192, PROT_READ, MAP_SHARED, reader.raw, 0))
        try #require(address != MAP_FAILED)
        defer { munmap(address, 8192) }
        #expect(address.load(fromByteOffset: 4100, as: UInt8.self) == 0x61)
        try m.merged.open("f", O_WRONLY).write("Z", at: 4100)
        #expect(address.load(fromByteOffset: 4100, as: UInt8.self) == 0x5a)
        #expect(address.load(fromByteOffset: 8000, as: UInt8.self) == 0x61)
    }

    @Test("5.8 hard links of a lower stay linked when one is copied up, across a remount")
    func hardLinks() throws {
        let m = try Merged(.shale, [["a": "text", "b": .link("a"), "d": ["c": .link("a")]]])
        let inode = try m.merged.status("a").ino
        #expect(try m.merged.status("a").nlink == 3)
        let names = ["a", "b", "d/c"]
        try m.merged.append("b", "+b")
        try m.merged.chmod("d/c", 0o600)
        for _ in 0..<2 {
            for name in names {
                let status = try m.merged.status(name)
                #expect(status.ino == inode)
                #expect(status.nlink == 3, "\(name)")
                #expect(status.mode == 0o100600, "\(name)")
                #expect(status.size == 6, "sizes go stale: \(name)")
                #expect(try m.merged.read(name) == "text+b", "\(name)")
            }
            try m.remount()
        }
        try m.merged.unlink("a")
        try m.merged.link("b", "e")
        try m.merged.append("d/c", "!")
        for _ in 0..<2 {
            for name in ["b", "d/c", "e"] {
                #expect(try m.merged.status(name).nlink == 3, "\(name)")
                #expect(try m.merged.read(name) == "text+b!", "\(name)")
                #expect(try m.merged.status(name).ino == inode)
            }
            try m.remount()
        }
    }

    @Test("5.7, 5.8 a descriptor of one hard link sees what is written through another")
    func linkedReaders() throws {
        let m = try Merged(.shale, [["a": "text", "b": .link("a")]])
        let reader = try m.merged.open("a", O_RDONLY)
        #expect(try reader.text() == "text")
        try m.merged.append("b", "+")
        #expect(try reader.text() == "text+")
        #expect(try reader.fd.status().size == 5)
        try m.merged.write("a", "new")
        #expect(try reader.text() == "new")
        #expect(try m.merged.read("b") == "new")
        try m.merged.unlink("a")
        try m.merged.append("b", "!")
        #expect(try reader.text() == "new!")
        #expect(try reader.fd.status().nlink == 1)
    }

    @Test("5.2, 5.7 SQLite on a database of a lower, written page by page while it is copied up")
    func sqlite() throws {
        let m = try Merged(
            .shale, [[:]],
            prepare: { m in
                let made = run([
                    "sqlite3", m.lower().at("db"),
                    "create table t(i integer primary key, x blob); with recursive n(i) as (select 1 union all select i+1 from n where i<4000) insert into t select i, randomblob(900) from n;",
                ])
                #expect(made.status == 0, "\(made.errors)")
            })
        let db = m.merged.at("db")
        for round in 0..<3 {
            // Its pages are in the cache when the copy is made.
            let reader = try m.merged.open("db", O_RDONLY)
            #expect(try reader.text().hasPrefix("SQLite"))
            let sql =
                "pragma journal_mode=\(round == 2 ? "wal" : "delete"); update t set x=randomblob(950) where i%3=\(round); insert into t(x) select randomblob(500) from t limit 500; delete from t where i%7=\(round);"
            let result = run(["sqlite3", db, sql])
            #expect(result.status == 0, "\(result.errors)")
            #expect(run(["sqlite3", db, "pragma integrity_check"]).output == "ok\n")
        }
        let sum = run(["sqlite3", db, "select count(*), sum(length(x)) from t"]).output
        try m.remount()
        #expect(run(["sqlite3", db, "pragma integrity_check"]).output == "ok\n")
        #expect(run(["sqlite3", db, "select count(*), sum(length(x)) from t"]).output == sum)
    }
}
