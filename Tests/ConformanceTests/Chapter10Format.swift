import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

@Suite("10 The disk format is everybody's") struct Chapter10Format {
    private let lowers: [Item] = [
        [
            "f": "f", "g": "g", "d": ["a": "1", "b": "2", "s": ["t": "t"]], "l": .symlink("f"), "gone": ["x": ""],
            "h1": "h", "h2": .link("h1"), "m": .directory([.init([0x78], "x")], mode: 0o700),
        ],
        ["d": ["c": "3"], "gone": ["y": ""], "o": ["below": ""]],
    ]

    /// Something of every rule, in a mount.
    ///
    /// `features`: also what only redirect_dir and index keep.
    private func work(_ m: Merged, features: Bool = false) throws {
        let place = m.merged
        try place.append("f", "+up")
        try place.chmod("g", 0o600)
        try place.setAttribute("g", "user.note", "n")
        try place.unlink("d/a")
        #expect(run(["rm", "-r", place.at("gone"), place.at("o")]).status == 0)
        try place.mkdir("o")
        try place.write("o/new", "new")
        try place.link("f", "d/linked")
        try place.symlink("target", "nl")
        try place.mkfifo("d/s/pipe")
        try place.rename("d/b", "m/moved")
        try place.write("d/b", "again")
        try place.utimes("l", 99)
        try place.mkdir("nd", 0o2755)
        try place.write("nd/f", "")
        if features {
            try place.write("h1", "changed")
            try place.rename("d/s", "renamed")
            try place.rename("m", "nd/m2")
        }
    }

    /// What users see: the tree, the numbers that must agree, and all attributes.
    private func view(_ place: Place) throws -> [String] {
        try place.tree()
            + ["f", "g", "d", "o", "m", "nd", "d/linked", ""].filter { place.exists($0) }.map { name in
                let status = try place.status(name)
                let attributes = try place.attributeNames(name).map { "\($0)=\(try place.attribute(name, $0) ?? [])" }
                return "\(name) \(status.uid):\(status.gid) \(status.mtime_s).\(status.mtime_ns) \(attributes)"
            }
    }

    private func expect(_ m: Merged, _ before: [String], _ location: SourceLocation = #_sourceLocation) throws {
        let now = try view(m.merged)
        #expect(now == before, sourceLocation: location)
    }

    @Test(
        "10.1, 10.2 the kernel mounts our upper and shows the same, and we mount the kernel's", .needsMounting,
        arguments: ["kernel", "shale"])
    func bothWays(_ first: String) throws {
        let (one, other): (Implementation, Implementation) = first == "kernel" ? (.kernel, .shale) : (.shale, .kernel)
        let m = try Merged(one, lowers)
        try work(m)
        let seen = try view(m.merged)
        let numbers = try ["f", "d/linked", "g", "d", "o"].map { try m.merged.status($0).ino }
        try m.remount()
        try expect(m, seen)
        try m.remount(by: other)
        try expect(m, seen)
        if Environment.isRealRoot {
            #expect(try ["f", "d/linked", "g", "d", "o"].map { try m.merged.status($0).ino } == numbers)
        }
        try m.merged.append("f", "+other")
        try m.merged.unlink("o/new")
        #expect(run(["rm", "-r", m.merged.at("d")]).status == 0)
        try m.merged.mkdir("d")
        let changed = try view(m.merged)
        try m.remount(by: one)
        try expect(m, changed)
    }

    @Test("10.1 the same with redirect_dir, metacopy and index", .needsRealRoot, arguments: ["kernel", "shale"])
    func features(_ first: String) throws {
        let (one, other): (Implementation, Implementation) = first == "kernel" ? (.kernel, .shale) : (.shale, .kernel)
        let m = try Merged(one, lowers, options: "redirect_dir=on,metacopy=on,index=on")
        try work(m, features: true)
        let seen = try view(m.merged)
        #expect(try m.merged.read("h2") == "changed")
        try m.remount(by: other)
        try expect(m, seen)
        try m.merged.append("h2", "!")
        #expect(try m.merged.read("h1") == "changed!")
        try m.merged.rename("renamed", "nd/again")
        try m.merged.append("g", "data")
        let changed = try view(m.merged)
        try m.remount(by: one)
        try expect(m, changed)
    }

    @Test(
        "10.1, 10.2 an upper of every feature of ours without an index shows the same without features in the kernel",
        .needsMounting)
    func plain() throws {
        let m = try Merged(.shale, lowers)
        try work(m)
        let tree = try m.merged.tree()
        // The layers as plain lowers, read-only: what copies of the upper become.
        m.stop()
        let all =
            "lowerdir=\(m.upper.path):" + m.stack.lowers.joined(separator: ":")
            + (Environment.isRealRoot ? "" : ",userxattr")
        try check(cl_mount("none", m.merged.path, "overlay", 0, all))
        defer { _ = cl_umount2(m.merged.path, Int32(CL_MNT_DETACH)) }
        let shown = try m.merged.tree()
        #expect(shown == tree)
    }

    @Test("10.2 the upper holds only what the overlay's format names, and nothing of ours shows")
    func nothingElse() throws {
        let m = try Merged(.shale, lowers)
        try work(m)
        m.stop()
        func names(_ name: String) throws -> [String] {
            try m.upper.entries(name).flatMap { entry -> [String] in
                let path = name.isEmpty ? entry.name : "\(name)/\(entry.name)"
                return [path] + (entry.type == DT_DIR ? try names(path) : [])
            }
        }
        let own = Environment.overlayAttributes
        let known = [
            "opaque", "origin", "impure", "redirect", "metacopy", "nlink", "upper", "uuid", "protattr", "whiteout",
            "xwhiteouts",
        ].map { own + $0 }
        for name in try names("") + [""] {
            let status = try m.upper.status(name)
            guard status.isDirectory || status.isRegular else { continue }
            for key in try m.upper.attributeNames(name) where key != "user.note" {
                #expect(known.contains(key), "\(name): \(key)")
            }
        }
        #expect(
            try m.upper.list() == ["d", "f", "g", "gone", "l", "m", "nd", "nl", "o"].filter { m.upper.exists($0) })
    }

    /// fuse-overlayfs in place of ours.
    private func fuseOverlay(_ m: Merged, _ body: () throws -> Void) throws {
        let outcome = run(["fuse-overlayfs", "-o", m.stack.options(), m.merged.path])
        try #require(outcome.status == 0, "fuse-overlayfs: \(outcome.errors)")
        defer { _ = shell("fusermount3 -u \(m.merged.path) || umount \(m.merged.path)") }
        try body()
    }

    @Test("10.1 fuse-overlayfs mounts our upper and shows the same")
    func toFuseOverlay() throws {
        let m = try Merged(.shale, lowers)
        try work(m)
        let tree = try m.merged.tree()
        m.stop()
        var seen: [String] = []
        try fuseOverlay(m) { seen = try m.merged.tree() }
        #expect(seen == tree)
    }

    @Test("10.1 we mount an upper of fuse-overlayfs and show the same")
    func fromFuseOverlay() throws {
        let m = try Merged(.shale, lowers)
        m.stop()
        var tree: [String] = []
        try fuseOverlay(m) {
            try work(m)
            tree = try m.merged.tree()
        }
        #expect(eventually { (try? m.remount()) != nil })
        let shown = try m.merged.tree()
        #expect(shown == tree)
        try m.merged.unlink("o/new")
        try m.merged.write("gone", "back")
        try m.remount()
        #expect(try m.merged.read("gone") == "back")
        #expect(try m.merged.list("o") == [])
    }

    static let optionSets: [String] = [
        "redirect_dir=on", "metacopy=on", "index=off", "redirect_dir=on,metacopy=on,index=off", "whiteouts=file",
        "whiteouts=file,redirect_dir=on,metacopy=on", "userxattr,redirect_dir=on,metacopy=on", "xattr_permissions=2",
        "xattr_permissions=1", "threads=1", "passthrough=off", "writeback=off", "passthrough=off,writeback=on",
        "volatile",
        "squash_to_root", "noatime,nosuid,nodev", "xino=off", "follow_client=off", "idle=halt",
        "without=splice:lookout:missing",
        "without=readdirplus:opendir:symlinks",
        "without=killpriv:acl:open",
    ]

    @Test(
        "10.1 the same work gives the same tree with each set of options, remounted and for the next",
        arguments: optionSets)
    func options(_ options: String) throws {
        // An ordinary user may not change what is shown as root's.
        if Environment.here == .user, options == "squash_to_root" { return }
        let plain = try Merged(.shale, lowers)
        try work(plain)
        let expected = try plain.merged.tree()
        let m = try Merged(.shale, lowers, options: options)
        try work(m)
        #expect(try m.merged.tree() == expected)
        m.stop()
        if options.contains("volatile") { _ = run(["rm", "-r", m.work.at("work/incompat/volatile")]) }
        try m.remount()
        #expect(try m.merged.tree() == expected)
        #expect(run(["rm", "-r"] + (try m.merged.list()).map { m.merged.at($0) }).status == 0)
        #expect(try m.merged.list() == [])
        m.stop()
        if options.contains("volatile") { _ = run(["rm", "-r", m.work.at("work/incompat/volatile")]) }
        // What was recorded in attributes is read with the option alone.
        guard !options.contains("xattr_permissions") else { return }
        try m.remount(options: "")
        #expect(try m.merged.list() == [])
    }
}
