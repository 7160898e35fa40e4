import CLinux
import Linux
import ShaleTesting
import Testing
import Union

/// SEMANTICS 1 to 3: stacks, names, listings.
@Suite struct StackRules {
    @Test("1.3 a missing lower is refused by name")
    func missingLower() throws {
        let stack = try Stack(lowers: [[:]])
        #expect(throws: Refusal.self) { try stack.union { $0.lowers.append(Array("/nowhere".utf8)) } }
        do {
            _ = try stack.union { $0.lowers.append(Array("/nowhere".utf8)) }
        } catch {
            #expect(error.description == "lowerdir /nowhere: No such file or directory")
        }
    }

    @Test("1.3 a workdir that is the upperdir, lies in it, or is in use is refused")
    func badWork() throws {
        let stack = try Stack(lowers: [[:]])
        #expect(throws: Refusal.self) { try stack.union { $0.work = $0.upper } }
        #expect(throws: Refusal.self) { try stack.union { $0.work = nil } }
        let holder = try stack.union()
        #expect(throws: Refusal.self) { try stack.union() }
        withExtendedLifetime(holder) {}
    }

    @Test("1.2 without an upper every change is refused with EROFS")
    func readOnly() throws {
        let stack = try Stack(lowers: [["f": "x"]])
        let tree = try stack.union { ($0.upper, $0.work) = (nil, nil) }
        #expect(throws: Errno.readOnly) { try tree.write("g", "y") }
        #expect(throws: Errno.readOnly) { try tree.remove("f") }
        #expect(throws: Errno.readOnly) { try tree.setMode("f", 0o600) }
        #expect(try tree.read("f") == "x")
    }

    @Test("2.2 the topmost layer says what a name is, and only directories merge")
    func merging() throws {
        let stack = try Stack(lowers: [
            ["d": ["a": "top"], "file over dir": "f", "dir over file": ["x": "1"]],
            ["d": ["a": "below", "b": "b"], "file over dir": ["hidden": "h"], "dir over file": "hidden"],
            ["d": ["c": "c"]],
        ])
        let tree = try stack.union()
        #expect(try tree.list("d") == ["a", "b", "c"])
        #expect(try tree.read("d/a") == "top")
        #expect(try tree.read("file over dir") == "f")
        #expect(try tree.list("dir over file") == ["x"])
        #expect(try tree.status("d").nlink == 1)
    }

    @Test("2.2, 4.5 whiteouts and opaque directories stop the merge, in every form")
    func stops() throws {
        let stack = try Stack(lowers: [
            [
                "gone": .whiteout, ".wh.also": "", "d": .opaque(["x": "1"]),
                "e": ["y": "1", ".wh..wh..opq": ""],
                "f": .directory([.init(Array("z".utf8), "1")], attributes: ["user.fuseoverlayfs.opaque": [0x79]]),
            ],
            ["gone": "g", "also": "a", "d": ["below": "b"], "e": ["below": "b"], "f": ["below": "b"], "stays": "s"],
        ])
        let tree = try stack.union()
        #expect(try tree.list() == ["d", "e", "f", "stays"])
        #expect(try tree.list("d") == ["x"])
        #expect(try tree.list("e") == ["y"])
        #expect(try tree.list("f") == ["z"])
        #expect(!tree.exists("gone"))
        #expect(!tree.exists("also"))
        #expect(!tree.exists("e/below"))
    }

    @Test("2.3 names that begin with .wh. cannot be created, unless whiteouts are devices")
    func whiteoutNames() throws {
        let stack = try Stack(lowers: [[:]])
        do {
            let tree = try stack.union()
            #expect(throws: Errno.invalid) { try tree.write(".wh.x", "1") }
        }
        let other = try Stack(lowers: [[:]])
        let tree = try other.union { $0.whiteouts = .device }
        try tree.write(".wh.x", "1")
        #expect(try tree.list() == [".wh.x"])
    }
}
