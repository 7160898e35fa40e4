import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 9.3 to 9.5: the overlay's own attributes, and ownership without privilege.
@Suite("9 Permissions: attributes and recorded owners") struct Chapter09Namespaces {
    private let own = Environment.overlayAttributes

    @Test(
        "9.3 the overlay's own attributes are invisible, and what is set through the mount marks nothing",
        arguments: Implementation.both)
    func invisible(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["old": ""], "e": ["below": ""], "f": "x"]])
        try m.merged.chmod("f", 0o600)
        #expect(run(["rm", "-r", m.merged.at("d")]).status == 0)
        try m.merged.mkdir("d")
        try m.merged.setAttribute("d", "user.plain", "1")
        for name in ["d", "f", ""] {
            #expect(try m.merged.attributeNames(name).allSatisfy { !$0.hasPrefix(own) }, "\(name)")
        }
        #expect(try m.merged.attribute("d", own + "opaque") == nil)
        #expect(try m.merged.attribute("f", own + "origin") == nil)
        _ = try? m.merged.setAttribute("e", own + "opaque", "y")
        _ = try? m.merged.setAttribute("f", own + "metacopy", "")
        _ = try? m.merged.removeAttribute("d", own + "opaque")
        try m.remount()
        #expect(try m.merged.list("e") == ["below"])
        #expect(try m.merged.list("d") == [])
        #expect(try m.merged.read("f") == "x")
        #expect(try m.merged.attribute("d", "user.plain") == [0x31])
    }

    @Test("9.3 a mount can be a layer of another mount: its marks are escaped", arguments: Implementation.both)
    func nested(_ by: Implementation) throws {
        let m = try Merged(by, [["d": ["hidden": ""], "e": ["stays": ""]]])
        // A stack made inside the mount: its upper has marks of its own.
        try m.merged.mkdir("in")
        for name in ["u", "w", "l", "m"] { try m.merged.mkdir("in/\(name)") }
        try m.merged.mkdir("in/l/d")
        try m.merged.write("in/l/d/old", "")
        try m.merged.mkdir("in/u/d")
        try m.merged.write("in/u/d/new", "")
        try m.merged.setAttribute("in/u/d", own + "opaque", "y")
        #expect(try m.merged.attribute("in/u/d", own + "opaque") == [0x79], "shown to the inner mount")
        #expect(try m.upper.attribute("in/u/d", own + "overlay.opaque") == [0x79], "stored escaped")
        #expect(try m.merged.list("in/u/d") == ["new"])
        let inner = try Merged(by, [], exact: { _ in "lowerdir=\(m.merged.at("in/u")):\(m.merged.at("in/l"))" })
        #expect(try inner.merged.list("d") == ["new"], "the mark works one level up")
        inner.stop()
        try m.remount()
        #expect(try m.merged.attribute("in/u/d", own + "opaque") == [0x79])
        try m.merged.removeAttribute("in/u/d", own + "opaque")
        #expect(try m.merged.attribute("in/u/d", own + "opaque") == nil)
        #expect(try m.upper.attribute("in/u/d", own + "overlay.opaque") == nil)
    }

    @Test("9.3 a whole mount serves as lower of another", arguments: Implementation.both)
    func stacked(_ by: Implementation) throws {
        let m = try Merged(by, [["a": "1", "d": ["x": "", "y": ""], "gone": ""]])
        try m.merged.unlink("gone")
        try m.merged.unlink("d/x")
        try m.merged.append("a", "2")
        let top = try Merged(
            by, [[:]], exact: { "lowerdir=\(m.merged.path),upperdir=\($0.upper.path),workdir=\($0.work.path)" })
        #expect(try top.merged.tree() == ["a 100644 2 12", "d/ 40755", "d/y 100644 0 "])
        try top.merged.append("a", "3")
        try top.merged.unlink("d/y")
        #expect(try top.merged.tree() == ["a 100644 3 123", "d/ 40755"])
        #expect(try m.merged.read("a") == "12")
    }

    @Test(
        "9.4 marks are written in trusted.overlay. by root, in user.overlay. otherwise", arguments: Implementation.both,
        [false, true])
    func chosen(_ by: Implementation, _ userxattr: Bool) throws {
        // The kernel's option is given already outside of root.
        let option = userxattr && (by == .shale || Environment.isRealRoot) ? "userxattr" : ""
        let m = try Merged(by, [["d": ["old": ""]]], options: option)
        #expect(run(["rm", "-r", m.merged.at("d")]).status == 0)
        try m.merged.mkdir("d")
        let expected = Environment.isRealRoot && !userxattr ? "trusted.overlay." : "user.overlay."
        let names = try m.upper.attributeNames("d").filter { $0.contains(".overlay.") }
        #expect(names.contains(expected + "opaque"))
        #expect(names.allSatisfy { $0.hasPrefix(expected) }, "\(names)")
        try m.remount()
        #expect(try m.merged.list("d") == [])
    }

    @Test(
        "9.3, 9.4 for root without userxattr user.overlay. is an ordinary namespace", .needsRealRoot,
        arguments: Implementation.both)
    func ordinary(_ by: Implementation) throws {
        let m = try Merged(by, [["f": "x"]])
        try m.merged.setAttribute("f", "user.overlay.note", "1")
        #expect(try m.merged.attribute("f", "user.overlay.note") == [0x31])
        #expect(try m.merged.attributeNames("f").contains("user.overlay.note"))
    }

    private static let record = "user.containers.override_stat"

    @Test("9.5 recorded owners, modes and types are shown")
    func shown() throws {
        let uid = Environment.here == .single ? UInt32(0) : 1234
        let m = try Merged(
            .shale, [["f": "x", "d": [:], "dev": "", "bad": "b"]], options: "xattr_permissions=2",
            prepare: { m in
                try m.lower().setAttribute("f", Self.record, "\(uid):\(uid):4751:file")
                try m.lower().setAttribute("d", Self.record, "\(uid):\(uid):1700:dir")
                try m.lower().setAttribute("dev", Self.record, "\(uid):\(uid):660:char-1-3")
                try m.lower().setAttribute("bad", Self.record, "no record:99999999999999999999:zz")
            })
        for (name, mode) in [("f", UInt32(0o104751)), ("d", 0o041700), ("dev", 0o020660)] {
            let status = try m.merged.status(name)
            #expect(status.mode == mode, "\(name): \(String(status.mode, radix: 8))")
            #expect(status.uid == uid && status.gid == uid, "\(name): \(status.uid):\(status.gid)")
        }
        #expect(try m.merged.status("dev").rdev == (1 << 8 | 3))
        #expect(try m.merged.attributeNames("f").allSatisfy { $0 != Self.record })
        // What is no record is somebody's mistake: an errno or the file's own, never the end.
        _ = try? m.merged.status("bad")
        #expect(m.merged.exists("f"))
    }

    @Test("9.5 what only a record says of a mode survives the copy-up")
    func recordedModes() throws {
        let m = try Merged(
            .shale, [["f": "x", "tmp": [:]]],
            prepare: { m in
                try m.lower().setAttribute("", Self.record, "\(geteuid()):\(getegid()):755:dir")
                try m.lower().setAttribute("f", Self.record, "\(geteuid()):\(getegid()):4755:file")
                try m.lower().setAttribute("tmp", Self.record, "\(geteuid()):\(getegid()):1777:dir")
            })
        for round in 0..<3 {
            #expect(try m.merged.status("f").mode == 0o104755, "round \(round)")
            #expect(try m.merged.status("tmp").mode == 0o041777, "round \(round)")
            if round == 1 { try m.remount() }
            guard round == 0 else { continue }
            try m.merged.write("tmp/new", "y")
            try m.merged.setAttribute("f", "user.note", "1")
        }
        #expect(m.upper.exists("tmp") && m.upper.exists("f"))
    }

    @Test("9.5 chown and chmod are recorded, and the file's own owner stays")
    func recorded() throws {
        let other: UInt32 = Environment.mayChown ? Environment.stranger : geteuid()
        let m = try Merged(.shale, [["f": "x"]], options: "xattr_permissions=2")
        try m.merged.chown("f", other, other == geteuid() ? getegid() : 1235)
        try m.merged.chmod("f", 0o751)
        try m.merged.write("new", "y")
        try m.merged.mkdir("nd")
        let group = other == geteuid() ? getegid() : 1235
        for _ in 0..<2 {
            let status = try m.merged.status("f")
            #expect(status.uid == other && status.gid == group && status.mode == 0o100751)
            try m.remount()
        }
        #expect(try m.upper.status("f").uid == geteuid())
        let value = String(decoding: try m.upper.attribute("f", Self.record) ?? [], as: UTF8.self)
        #expect(value.hasPrefix("\(other):\(group):"), "\(value)")
        #expect(value.contains("751"), "\(value)")
    }

    @Test("9.5 devices are recorded where they cannot be made")
    func devices() throws {
        let m = try Merged(.shale, [[:]], options: "xattr_permissions=2")
        // Only root of the machine gets past the kernel with a device; everybody with a socket and a fifo.
        try m.merged.mknod("s", 0o140640)
        try m.merged.mkfifo("p")
        if Environment.isRealRoot { try m.merged.mknod("null", 0o020666, 0x0103) }
        for _ in 0..<2 {
            #expect(try m.merged.status("s").type == 0o140000)
            #expect(try m.merged.status("p").type == 0o010000)
            if Environment.isRealRoot {
                #expect(try m.merged.status("null").rdev == 0x0103)
                #expect(try m.merged.status("null").type == 0o020000)
            }
            try m.remount()
        }
    }

    @Test("9.5 squash_to_root, squash_to_uid and squash_to_gid show everything as theirs")
    func squashed() throws {
        let m = try Merged(.shale, [["f": "x", "d": ["e": ""]]], options: "squash_to_root")
        for name in ["", "f", "d", "d/e"] {
            #expect(try m.merged.status(name).uid == 0 && m.merged.status(name).gid == 0, "\(name)")
        }
        guard Environment.here != .single else { return }
        try m.remount(options: "squash_to_uid=1234,squash_to_gid=1235")
        for name in ["", "f", "d", "d/e"] {
            #expect(try m.merged.status(name).uid == 1234 && m.merged.status(name).gid == 1235, "\(name)")
        }
    }

    @Test("9.5 uidmapping and gidmapping show the ids of the layers as others", .needsOtherOwners)
    func mapped() throws {
        let m = try Merged(
            .shale, [["a": "", "b": "", "c": ""]],
            options: "uidmapping=0:100:1:1234:200:10,gidmapping=0:300:1:1235:400:10,allow_other",
            prepare: { m in
                try m.lower().chown("b", 1234, 1235)
                try m.lower().chown("c", 1236, 1240)
            })
        for _ in 0..<2 {
            for (name, uid, gid) in [("a", UInt32(100), UInt32(300)), ("b", 200, 400), ("c", 202, 405)] {
                #expect(try m.merged.status(name).uid == uid && m.merged.status(name).gid == gid, "\(name)")
            }
            try m.merged.utimes("c", 1)
        }
        #expect(try m.upper.status("c").uid == 1236)
        try m.merged.chown("a", 201, 401)
        #expect(try m.upper.status("a").uid == 1235 && m.upper.status("a").gid == 1236)
    }
}
