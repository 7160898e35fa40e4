import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("3 Reading directories") struct Chapter03Directories {
    /// One entry of getdents64(2), with where the next one begins.
    struct Entry {
        let name: String
        let inode: UInt64
        let type: UInt8
        let next: Int64
    }

    /// What one call of getdents64(2) with a buffer of `size` bytes gives, by default one entry of a short name.
    private func batch(_ fd: FD, _ size: Int = 40) throws -> [Entry] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer { buffer.deallocate() }
        let count = Int(try check(cl_getdents64(fd.raw, buffer.baseAddress, size)))
        var entries: [Entry] = []
        var offset = 0
        while offset < count {
            let record = UnsafeRawBufferPointer(rebasing: buffer[offset..<count])
            let name = record.dropFirst(19).prefix { $0 != 0 }
            entries.append(
                Entry(
                    name: String(decoding: name, as: UTF8.self), inode: record.loadUnaligned(as: UInt64.self),
                    type: record[18], next: record.loadUnaligned(fromByteOffset: 8, as: Int64.self)))
            offset += Int(record.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
        }
        return entries
    }

    private func all(_ fd: FD, _ size: Int = 32768) throws -> [Entry] {
        var entries: [Entry] = []
        while true {
            let more = try batch(fd, size)
            if more.isEmpty { return entries }
            entries += more
        }
    }

    private func files(_ prefix: String, _ count: Int) -> [Item.Named] {
        (0..<count).map { .init(Array("\(prefix)\($0)".utf8), "") }
    }

    @Test("3.1 every merged name once, without whiteouts, with . and ..", arguments: Implementation.both)
    func once(_ by: Implementation) throws {
        let m = try Merged(
            by,
            [
                ["d": ["a": "0", "b": "0", "gone": .whiteout, "late": "0"]],
                ["d": ["a": "1", "c": "1", "gone": "1", "late": .whiteout]],
                ["d": ["a": "2", "gone": "2", "only": "2"]],
            ], upper: ["d": ["b": "u", "only": .whiteout, "u": "u"]])
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        #expect(try all(held.fd).map(\.name).sorted() == [".", "..", "a", "b", "c", "late", "u"])
        try m.merged.unlink("d/a")
        #expect(try m.merged.list("d") == ["b", "c", "late", "u"])
        let again = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        #expect(try all(again.fd).map(\.name).sorted() == [".", "..", "b", "c", "late", "u"])
    }

    @Test("3.1 d_ino is st_ino and d_type is right, before and after copy-up", arguments: Implementation.both)
    func numbers(_ by: Implementation) throws {
        let m = try Merged(
            by,
            [
                ["d": ["f": "0", "sub": ["x": ""], "l": .symlink("f"), "p": .fifo]],
                ["d": ["g": "1", "sub": ["y": ""], "other": [:], "h1": "", "h2": .link("d/h1")]],
            ], upper: ["d": ["u": "u", "ud": [:]]])
        for step in ["as mounted", "copied up", "remounted"] {
            if step == "copied up" {
                for name in ["f", "g", "p", "other", "sub", "sub/x"] { try m.merged.chmod("d/\(name)", 0o700) }
            }
            if step == "remounted" { try m.remount() }
            let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
            for entry in try all(held.fd) {
                let status = try m.merged.status("d/" + entry.name)
                #expect(entry.inode == status.ino, "\(step): \(entry.name)")
                #expect(UInt32(entry.type) == status.mode >> 12, "\(step): \(entry.name)")
            }
        }
    }

    @Test(
        "3.2 with a buffer of one entry each survivor is seen once while others come and go",
        arguments: Implementation.both)
    func oneEntry(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": .directory(files("a", 100))], ["d": .directory(files("b", 100))]],
            upper: ["d": .directory(files("u", 100))])
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        var seen: [String: Int] = [:]
        var step = 0
        var deleted: Set<String> = []
        while true {
            let entries = try batch(held.fd)
            guard let entry = entries.first else { break }
            #expect(entries.count == 1)
            seen[entry.name, default: 0] += 1
            step += 1
            // Something already seen goes, something not yet seen goes, something new comes.
            if step % 3 == 0, !entry.name.hasPrefix(".") {
                if !entry.name.hasPrefix("new") { deleted.insert(entry.name) }
                _ = try? m.merged.unlink("d/" + entry.name)
                try m.merged.write("d/new\(step)", "")
            }
            if step % 7 == 0,
                let victim = ["a", "b", "u"].map({ "\($0)\(99 - step / 7)" }).first(where: { seen[$0] == nil })
            {
                if (try? m.merged.unlink("d/" + victim)) != nil { deleted.insert(victim) }
            }
        }
        for prefix in ["a", "b", "u"] {
            for index in 0..<100 where !deleted.contains("\(prefix)\(index)") || seen["\(prefix)\(index)"] != nil {
                #expect(seen["\(prefix)\(index)"] == 1, "\(prefix)\(index)")
            }
        }
        #expect(seen.values.allSatisfy { $0 == 1 })
    }

    /// The entries of a directory in their order, each with the offset at which it is read.
    private func offsets(_ fd: FD) throws -> [(name: String, at: Int64)] {
        var order: [(name: String, at: Int64)] = []
        var position: Int64 = 0
        while let entry = try batch(fd).first {
            order.append((entry.name, position))
            position = entry.next
        }
        return order
    }

    @Test("3.2 telldir and seekdir come back to the same entries", arguments: Implementation.both)
    func seeking(_ by: Implementation) throws {
        let m = try Merged(by, [["d": .directory(files("a", 60))]], upper: ["d": .directory(files("u", 60))])
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        let order = try offsets(held.fd)
        #expect(order.count == 122)
        var wrong: [String] = []
        for entry in order.reversed() {
            #expect(cl_lseek(held.raw, entry.at, 0) >= 0)
            let found = try batch(held.fd).first?.name
            if found != entry.name { wrong.append("\(entry.name): \(found ?? "the end")") }
        }
        #expect(wrong == [])
    }

    @Test("3.2 an offset stays valid when entries went and came", arguments: Implementation.both)
    func seekingAfterChanges(_ by: Implementation) throws {
        let m = try Merged(by, [["d": .directory(files("a", 60))]], upper: ["d": .directory(files("u", 60))])
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        let order = try offsets(held.fd)
        let gone = order.enumerated().filter { $0.offset % 2 == 0 && !$0.element.name.hasPrefix(".") }.map(
            \.element.name)
        for name in gone { try m.merged.unlink("d/" + name) }
        for index in 0..<30 { try m.merged.write("d/new\(index)", "") }
        let left = order.filter { !gone.contains($0.name) }
        var wrong: [String] = []
        for (index, entry) in left.enumerated() where entry.at != 0 {
            #expect(cl_lseek(held.raw, entry.at, 0) >= 0)
            let rest = try all(held.fd).map(\.name).filter { name in left.contains { $0.name == name } }
            if rest != left[index...].map(\.name) {
                wrong.append("from \(entry.name): \(rest.prefix(2)) and \(rest.count) names")
            }
        }
        #expect(wrong == [])
    }

    @Test("3.2 rm -rf removes a tree of all layers in one go", arguments: Implementation.both)
    func removal(_ by: Implementation) throws {
        let many = Item.directory(files("f", 700) + [.init(Array("sub".utf8), .directory(files("g", 300)))])
        let m = try Merged(
            by, [["d": many, "keep": ""], ["d": .directory(files("h", 700))]], upper: ["d": .directory(files("i", 700))]
        )
        let outcome = run(["rm", "-r", m.merged.at("d")])
        #expect(outcome.status == 0, "\(outcome.errors.prefix(200))")
        #expect(try m.merged.list() == ["keep"])
        try m.remount()
        #expect(try m.merged.list() == ["keep"])
    }

    @Test("3.3 rewinddir sees the present state", arguments: Implementation.both)
    func rewinding(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["a": "", "b": ""]], ["d": ["c": ""]]])
        let held = try m.merged.open("d", O_RDONLY | O_DIRECTORY)
        #expect(try all(held.fd).map(\.name).sorted() == [".", "..", "a", "b", "c"])
        try m.merged.unlink("d/a")
        try m.merged.write("d/new", "")
        try m.merged.rename("d/c", "d/moved")
        #expect(cl_lseek(held.raw, 0, 0) == 0)
        #expect(try all(held.fd).map(\.name).sorted() == [".", "..", "b", "moved", "new"])
        #expect(cl_lseek(held.raw, 0, 0) == 0)
        #expect(try batch(held.fd).count == 1)
        try m.merged.unlink("d/b")
        #expect(cl_lseek(held.raw, 0, 0) == 0)
        #expect(try all(held.fd).map(\.name).sorted() == [".", "..", "moved", "new"])
    }

    @Test("3.3 a directory of 1,000,000 names lists in linear time and bounded memory")
    func million() throws {
        let tag = "conformance-million-\(getpid())"
        let m = try Merged(
            .shale, [["small": [:], "big": [:]]], options: "fsname=\(tag)", in: "/dev/shm",
            prepare: { m in
                for (directory, count) in [("small", 100_000), ("big", 1_000_000)] {
                    let place = try m.lower().open(directory, O_RDONLY | O_DIRECTORY)
                    for index in 0..<count { try place.fd.makeNode("n\(index)", mode: 0o100644, device: 0) }
                }
            })
        let server = try #require(processes(naming: tag).first)
        func list(_ name: String, _ count: Int) throws -> Duration {
            let held = try m.merged.open(name, O_RDONLY | O_DIRECTORY)
            return try ContinuousClock().measure {
                var seen = 0
                try held.fd.forEachEntry { _ in
                    seen += 1
                    return true
                }
                #expect(seen == count)
            }
        }
        let before = residentKiB(server)
        let small = try list("small", 100_000)
        let big = try list("big", 1_000_000)
        #expect(big < small * 30, "100,000 names took \(small), 1,000,000 took \(big)")
        let after = residentKiB(server)
        #expect(after - before < 400_000, "grew by \(after - before) KiB")
        for _ in 0..<3 { _ = try list("big", 1_000_000) }
        #expect(residentKiB(server) < after + 100_000, "grows with each listing")
        try m.merged.unlink("big/n500000")
        _ = try list("big", 999_999)
    }
}
