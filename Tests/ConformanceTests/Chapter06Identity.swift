import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("6 Identity") struct Chapter06Identity {
    private let tree: Item = [
        "f": "x", "d": ["e": "y", "s": ["t": "z"]], "l": .symlink("f"), "p": .fifo, "h1": "h", "h2": .link("h1"),
    ]

    private func identity(_ place: Place, _ name: String) throws -> [UInt64] {
        let status = try place.status(name)
        return [status.ino, status.dev]
    }

    @Test("6.1 numbers do not change when an object is copied up", arguments: Implementation.both)
    func copyUp(_ by: Implementation) throws {
        let m = try Merged(by, [tree])
        let names = ["f", "d", "d/e", "d/s", "d/s/t", "l", "p", ""]
        let before = try names.map { try identity(m.merged, $0) }
        let held = try m.merged.open("f", O_RDONLY)
        for name in names { try m.merged.utimes(name, 9) }
        try m.merged.append("d/s/t", "more")
        try m.merged.chmod("d/e", 0o600)
        #expect(try names.map { try identity(m.merged, $0) } == before)
        #expect(try [held.fd.status().ino, held.fd.status().dev] == before[0])
        if Environment.isRealRoot {
            try Place(path: "/proc/sys/vm").write("drop_caches", "2")
            #expect(try names.map { try identity(m.merged, $0) } == before)
        }
    }

    @Test("6.1 numbers do not change when an object is renamed", arguments: Implementation.both)
    func renamed(_ by: Implementation) throws {
        let m = try Merged(by, [tree], upper: ["u": "", "ud": ["ue": ""]])
        try m.merged.write("new", "")
        for name in ["f", "d/e", "l", "p", "u", "ud", "new"] {
            let before = try identity(m.merged, name)
            try m.merged.rename(name, "d/s/moved")
            #expect(try identity(m.merged, "d/s/moved") == before, "\(name)")
            try m.merged.rename("d/s/moved", name)
        }
    }

    @Test(
        "6.1 a renamed directory of a lower keeps its numbers and its children's",
        arguments: Implementation.withFeatures)
    func redirected(_ by: Implementation) throws {
        let m = try Merged(by, [tree], options: "redirect_dir=on")
        let before = try ["d", "d/e", "d/s", "d/s/t"].map { try identity(m.merged, $0) }
        try m.merged.rename("d", "r")
        #expect(try ["r", "r/e", "r/s", "r/s/t"].map { try identity(m.merged, $0) } == before)
    }

    @Test("6.1 an unlinked or replaced file keeps its numbers while it is open", arguments: Implementation.both)
    func open(_ by: Implementation) throws {
        let m = try Merged(by, [tree])
        let held = try m.merged.open("f", O_RDONLY)
        let before = try held.fd.status().ino
        try m.merged.unlink("f")
        for index in 0..<50 {
            try m.merged.write("again\(index)", "")
            #expect(try m.merged.status("again\(index)").ino != before)
        }
        #expect(try held.fd.status().ino == before)
    }

    @Test("6.1 st_dev is the mount's for every object", arguments: Implementation.both)
    func device(_ by: Implementation) throws {
        let m = try Merged(by, [tree], upper: ["u": "", "ud": ["x": ""]])
        try m.merged.append("f", "up")
        let devices = try Set(
            ["", "f", "d", "d/e", "d/s/t", "l", "p", "h1", "u", "ud", "ud/x"].map { try m.merged.status($0).dev })
        #expect(devices.count == 1)
        #expect(try devices != [m.lower().status().dev])
    }

    @Test(
        "6.1 inode numbers of different lower filesystems never collide", .needsMounting, arguments: Implementation.both
    )
    func collisions(_ by: Implementation) throws {
        let m = try Merged(
            by, [],
            exact: { m in
                "lowerdir=" + ["a", "b", "c"].map { m.scratch.at($0) }.joined(separator: ":")
                    + ",upperdir=\(m.upper.path),workdir=\(m.work.path),xino=on"
            },
            prepare: { m in
                for name in ["a", "b", "c"] {
                    let place = try m.tmpfs(name, "inode64")
                    for index in 0..<20 { try place.write("\(name)\(index)", name) }
                    try place.mkdir("dir\(name)")
                }
            })
        let below = try Set(["a", "b", "c"].flatMap { try Place(path: m.scratch.at($0)).entries().map(\.inode) })
        #expect(below.count < 63, "the filesystems below do collide")
        let names = try m.merged.list()
        #expect(names.count == 63)
        #expect(try Set(names.map { try m.merged.status($0).ino }).count == 63)
        #expect(try Set(names.map { try m.merged.status($0).dev }).count == 1)
        #expect(try Set(m.merged.entries().map(\.inode)).count == 63)
        let before = try names.map { try m.merged.status($0).ino }
        for name in names { try m.merged.chmod(name, 0o700) }
        #expect(try names.map { try m.merged.status($0).ino } == before)
    }

    private func numbers(_ m: Merged, _ names: [String], as shown: [String]) throws -> [String] {
        try zip(names, shown).map { "\($1) \(try m.merged.status($0).ino)" }
    }

    @Test("6.2 with all on one filesystem the numbers survive a remount", arguments: Implementation.both)
    func remount(_ by: Implementation) throws {
        let m = try Merged(by, [tree, ["d": ["below": ""]]], upper: ["u": "", "ud": ["x": ""]])
        let names = ["f", "d", "d/e", "d/below", "d/s", "d/s/t", "l", "p", "h1", "h2", "u", "ud", "ud/x", "new", "nd"]
        try m.merged.write("new", "")
        try m.merged.mkdir("nd")
        let before = try numbers(m, names, as: names)
        try m.remount()
        let again = try numbers(m, names, as: names)
        #expect(again == before)
    }

    // The kernel cannot find a copy's origin again in a user namespace.
    @Test(
        "6.2 the numbers of what was copied up or renamed survive a remount", arguments: Implementation.withFeatures,
        [["f", "d", "d/e", "d/below", "d/s", "d/s/t", "new"], ["l"], ["p"]])
    func remountAfterCopyUp(_ by: Implementation, _ names: [String]) throws {
        let m = try Merged(by, [tree, ["d": ["below": ""]]])
        try m.merged.write("new", "")
        let before = try numbers(m, names, as: names)
        for name in names { try m.merged.utimes(name, 4) }
        try m.merged.append("f", "up")
        if names.contains("new") { try m.merged.rename("new", "d/s/moved") }
        let after = names.map { $0 == "new" ? "d/s/moved" : $0 }
        let changed = try numbers(m, after, as: names)
        #expect(changed == before)
        try m.remount()
        let last = try numbers(m, after, as: names)
        #expect(last == before)
    }

    @Test(
        "6.2 the number of a file renamed after its copy-up survives a remount", arguments: Implementation.withFeatures)
    func renamedRemount(_ by: Implementation) throws {
        let m = try Merged(by, [tree])
        let before = try ["f", "d/e"].map { try m.merged.status($0).ino }
        try m.merged.rename("f", "g")
        try m.merged.rename("d/e", "top")
        try m.remount()
        #expect(try ["g", "top"].map { try m.merged.status($0).ino } == before)
    }

    @Test("6.3 birth times are the object's", arguments: Implementation.both)
    func birth(_ by: Implementation) throws {
        let m = try Merged(by, [tree], upper: ["u": ""])
        for (name, layer) in [("f", m.lower()), ("d/e", m.lower()), ("d/s", m.lower()), ("u", m.upper)] {
            let shown = try m.merged.status(name, birth: true)
            let own = try layer.status(name, birth: true)
            #expect(own.mask & 0x800 != 0)
            #expect(shown.mask & 0x800 != 0, "\(name)")
            #expect(shown.btime_s == own.btime_s && shown.btime_ns == own.btime_ns, "\(name)")
        }
    }

    @Test("6.3 a merged directory has one link", arguments: Implementation.both)
    func directoryLinks(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["a": [:], "b": [:]]], ["d": ["c": [:]]]])
        #expect(try m.merged.status("d").nlink == 1)
        try m.merged.mkdir("d/e")
        #expect(try m.merged.status("d").nlink == 1)
    }

    @Test("6.3 a file has as many links as names in the mount", arguments: [Implementation.shale])
    func fileLinks(_ by: Implementation) throws {
        let m = try Merged(by, [tree], upper: ["u1": "", "u2": .link("u1")])
        func links(_ name: String) throws -> UInt32 { try m.merged.status(name).nlink }
        #expect(try links("h1") == 2)
        #expect(try links("u1") == 2)
        try m.merged.link("h1", "h3")
        for name in ["h1", "h2", "h3"] { #expect(try links(name) == 3, "\(name)") }
        try m.merged.unlink("h2")
        for name in ["h1", "h3"] { #expect(try links(name) == 2, "\(name)") }
        try m.remount()
        for name in ["h1", "h3"] { #expect(try links(name) == 2, "\(name) after a remount") }
        // A name that another file takes is a name less.
        try m.merged.write("other", "")
        try m.merged.rename("other", "h3")
        #expect(try links("h1") == 1)
        try m.merged.unlink("u2")
        #expect(try links("u1") == 1)
        try m.remount()
        #expect(try links("h1") == 1)
        #expect(try links("f") == 1)
        try m.merged.link("f", "d/f2")
        #expect(try links("f") == 2)
        try m.remount()
        #expect(try links("d/f2") == 2)
        #expect(try m.merged.status("f").ino == m.merged.status("d/f2").ino)
    }

    @Test("6.3 a hard link of a lower unlinked before it was copied up leaves the right count")
    func lowerUnlinked() throws {
        let m = try Merged(.shale, [["h1": "h", "h2": .link("h1"), "h3": .link("h1")]])
        #expect(try m.merged.status("h1").nlink == 3)
        try m.merged.unlink("h2")
        #expect(try m.merged.status("h1").nlink == 2)
        #expect(try m.merged.status("h3").nlink == 2)
        try m.remount()
        #expect(try m.merged.status("h1").nlink == 2)
        try m.merged.append("h1", "!")
        #expect(try m.merged.status("h3").nlink == 2)
        #expect(try m.merged.status("h3").size == 2)
    }
}
