import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 5.7 and 5.8: what others see of a copy-up.
@Suite("5 Copy-up: views") struct Chapter05CopyUpViews {
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
