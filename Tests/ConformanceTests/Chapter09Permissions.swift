import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("9 Permissions") struct Chapter09Permissions {
    private static let options = Environment.mayMount ? "allow_other" : ""
    private func options(_ by: Implementation) -> String { by == .shale ? Self.options : "" }

    /// Runs a line of shell as somebody without privilege: another user where there is one, else us without capabilities.
    private func asNobody(_ line: String) -> Outcome {
        switch Environment.here {
        case .root, .subordinate:
            let id = "\(Environment.stranger)"
            return run(["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "sh", "-c", line])
        case .single: return run(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "sh", "-c", line])
        case .user: return shell(line)
        }
    }

    @Test("9.1 mode bits are checked for files of every layer", arguments: Implementation.both)
    func modes(_ by: Implementation) throws {
        let secret = Item.file(Array("s".utf8), mode: 0o000)
        let m = try Merged(
            by,
            [
                [
                    "f": secret, "d": .directory([.init([0x78], "")], mode: 0o000), "ro": .file([], mode: 0o444),
                    "rd": .directory([.init([0x79], "")], mode: 0o555),
                ]
            ],
            upper: ["u": secret], options: options(by))
        for line in ["cat f", "cat u", "ls d", "cat d/x", "echo > f", "echo > ro", "touch rd/new", "rm rd/y"] {
            let outcome = asNobody("cd \(m.merged.path) && \(line)")
            #expect(outcome.status != 0 && outcome.errors.contains("ermission denied"), "\(line): \(outcome.errors)")
        }
        #expect(asNobody("cat \(m.merged.at("ro"))").status == 0)
        #expect(try m.upper.list() == ["u"], "what is not allowed copies nothing up")
        // Who may not read the file cannot copy it up either.
        guard Environment.here != .user else { return }
        try m.merged.chmod("f", 0o444)
        #expect(asNobody("cat \(m.merged.at("f"))").output == "s")
    }

    @Test("9.1 owners, groups and ACLs are checked", .needsOtherOwners, arguments: Implementation.both)
    func owners(_ by: Implementation) throws {
        let other = Environment.stranger
        let m = try Merged(
            by, [["mine": "m", "theirs": "t", "acl": "a", "mask": "k", "group": "g"]], options: options(by),
            prepare: { m in
                for name in try m.lower().list() { try m.lower().chmod(name, 0o600) }
                try m.lower().chown("theirs", other, other)
                try m.lower().chown("group", 0, other)
                try m.lower().chmod("group", 0o640)
                _ = run(["setfacl", "-m", "u:\(other):r", m.lower().at("acl")])
                _ = run(["setfacl", "-m", "u:\(other):rw,m::-", m.lower().at("mask")])
            })
        let readable = { (name: String) in asNobody("cat \(m.merged.at(name))").status == 0 }
        let writable = { (name: String) in asNobody("echo >> \(m.merged.at(name))").status == 0 }
        for _ in 0..<2 {
            #expect(
                !readable("mine") && readable("theirs") && readable("acl") && !readable("mask") && readable("group"))
            #expect(!writable("mine") && !writable("acl") && !writable("group"))
            for name in ["mine", "acl", "mask", "group"] { try m.merged.utimes(name, 1) }
        }
        #expect(writable("theirs"))
        #expect(asNobody("chmod 777 \(m.merged.at("mine"))").status != 0)
        #expect(asNobody("chmod 400 \(m.merged.at("theirs"))").status == 0)
        #expect(run(["setfacl", "-m", "u:\(other):r", m.merged.at("mine")]).status == 0)
        #expect(readable("mine"))
    }

    @Test("9.1 in a sticky directory others' names stay", .needsOtherOwners, arguments: Implementation.both)
    func sticky(_ by: Implementation) throws {
        let m = try Merged(by, [["t": .directory([.init(Array("low".utf8), "")], mode: 0o1777)]], options: options(by))
        try m.merged.write("t/up", "")
        for line in ["rm -f low", "rm -f up", "mv low x", "mv up x"] {
            #expect(asNobody("cd \(m.merged.at("t")) && \(line)").status != 0, "\(line)")
        }
        #expect(asNobody("cd \(m.merged.at("t")) && echo > own && mv own o2 && rm o2").status == 0)
    }

    @Test("9.1 set-id bits and capabilities are dropped on write and chown as on ext4", arguments: Implementation.both)
    func dropped(_ by: Implementation) throws {
        let names = ["w", "t", "c", "n"]
        let dress = { (place: Place) in
            for name in names {
                if Environment.mayMount { _ = run(["setcap", "cap_net_raw+ep", place.at(name)]) }
                try place.chmod(name, name == "n" ? 0o2644 : 0o6777)
            }
        }
        let items = Item.directory(names.map { .init(Array($0.utf8), "content") })
        let m = try Merged(
            by, [["d": .directory([.init(Array("low".utf8), items)], mode: 0o777)]], options: options(by),
            prepare: { try dress(Place(path: $0.lower().at("d/low"))) })
        for name in ["d/up", "below"] { try (name == "below" ? m.scratch : m.merged).mkdir(name) }
        for name in names {
            try m.merged.write("d/up/\(name)", "content")
            try m.scratch.write("below/\(name)", "content")
        }
        try dress(Place(path: m.merged.at("d/up")))
        try dress(Place(path: m.scratch.at("below")))
        func after(_ path: String) throws -> [String] {
            let place = Place(path: path)
            #expect(asNobody("echo x >> \(place.at("w"))").status == 0)
            #expect(asNobody("truncate -s 2 \(place.at("t"))").status == 0)
            try place.chown("c", geteuid(), getegid())
            try place.chown("n", geteuid(), getegid())
            return try names.map { name in
                let has = try place.attribute(name, "security.capability") != nil
                return "\(name) \(String(try place.status(name).mode, radix: 8)) \(has)"
            }
        }
        let expected = try after(m.scratch.at("below"))
        #expect(try after(m.merged.at("d/up")) == expected)
        #expect(try after(m.merged.at("d/low")) == expected)
        m.stop()
        #expect(
            try names.map { String(try m.upper.status("d/low/\($0)").mode, radix: 8) }
                == expected.map { String($0.split(separator: " ")[1]) })
    }

    @Test("9.1 a program of a lower keeps its set-id bits and capabilities until then", arguments: Implementation.both)
    func executed(_ by: Implementation) throws {
        let m = try Merged(
            by, [["id": ""]], options: options(by),
            prepare: { m in
                #expect(shell("cp /usr/bin/id \(m.lower().at("id"))").status == 0)
                try m.lower().chmod("id", 0o6755)
            })
        #expect(try m.merged.status("id").mode == 0o106755)
        try m.merged.utimes("id", 1)
        #expect(try m.merged.status("id").mode == 0o106755)
        #expect(try m.upper.status("id").mode == 0o106755)
        let outcome = asNobody("\(m.merged.at("id")) -u")
        #expect(outcome.status == 0, "\(outcome.errors)")
        if Environment.here == .root { #expect(outcome.output == "0\n") }
    }

    @Test("9.2 what is created belongs to the caller, with the umask applied", arguments: Implementation.both)
    func created(_ by: Implementation) throws {
        let m = try Merged(by, [["d": .directory([], mode: 0o777)]], options: options(by))
        let line = "cd \(m.merged.at("d")) && umask 027 && touch f && mkdir s && mkfifo p && ln -s f l && touch ../d/g"
        #expect(asNobody(line).status == 0)
        let owner = Environment.mayChown ? Environment.stranger : geteuid()
        let group = Environment.mayChown ? Environment.stranger : getegid()
        for _ in 0..<2 {
            for (name, mode) in [
                ("f", UInt32(0o100640)), ("s", 0o040750), ("p", 0o010640), ("l", 0o120777), ("g", 0o100640),
            ] {
                let status = try m.merged.status("d/" + name)
                #expect(status.mode == mode, "\(name): \(String(status.mode, radix: 8))")
                #expect(status.uid == owner && status.gid == group, "\(name)")
            }
            try m.remount()
        }
    }

    @Test(
        "9.2 the group comes from a set-gid parent, also after its copy-up", .needsOtherOwners,
        arguments: Implementation.both)
    func setGroup(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": [:]]], options: options(by),
            prepare: { m in
                try m.lower().chown("d", 0, 777)
                try m.lower().chmod("d", 0o2777)
            })
        #expect(
            asNobody("cd \(m.merged.at("d")) && touch f && mkdir s && touch s/g && mkfifo p && ln -s f l").status == 0)
        for name in ["f", "s", "s/g", "p", "l"] {
            #expect(try m.merged.status("d/" + name).gid == 777, "\(name)")
            #expect(try m.merged.status("d/" + name).uid == Environment.stranger, "\(name)")
        }
        #expect(try m.merged.status("d/s").mode & 0o2000 != 0)
        #expect(try m.merged.status("d").mode == 0o042777)
        #expect(try m.upper.status("d").gid == 777)
    }

    @Test("9.2 a default ACL takes the umask's place and is inherited", arguments: Implementation.both)
    func defaultACL(_ by: Implementation) throws {
        let m = try Merged(
            by, [["d": [:]]], options: options(by),
            prepare: { m in
                let set = run(["setfacl", "-d", "-m", "u::rwx,g::rx,o::-,u:\(geteuid()):rwx", m.lower().at("d")])
                #expect(set.status == 0, "\(set.errors)")
            })
        try m.scratch.mkdir("below")
        #expect(
            run(["setfacl", "-d", "-m", "u::rwx,g::rx,o::-,u:\(geteuid()):rwx", m.scratch.at("below")]).status == 0)
        func made(_ path: String) -> String {
            let place = Place(path: path)
            let line =
                "cd \(path) && umask 077 && touch f && mkdir s && touch s/g && mkfifo p && getfacl -nc f s s/g p 2>/dev/null"
            return shell(line).output + String((try? place.status("f").mode) ?? 0, radix: 8)
        }
        let expected = made(m.scratch.at("below"))
        #expect(expected.contains("user:\(geteuid()):"))
        #expect(made(m.merged.at("d")) == expected)
    }
}
