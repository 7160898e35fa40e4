import Changes
import Glibc
import Linux
import ShaleTesting
import Testing

/// What `ShaleTesting` offers to other people's tests.
@Suite struct TestingLibrary {
    @Test("two trees are compared by everything that was asked for")
    func comparing() throws {
        let one = try Stack(lowers: [
            ["a": "1", "d": ["b": .link("a"), "s": .symlink("x")], "m": .file([1], mode: 0o600), "only": ""]
        ])
        let other = try Stack(lowers: [["a": "1", "d": ["b": "1", "s": .symlink("y")], "m": .file([1], mode: 0o644)]])
        let (left, right) = (try Snapshot(of: one.lowers[0]), try Snapshot(of: other.lowers[0]))
        #expect(left.differences(from: left).isEmpty)
        let found = left.differences(from: right, in: [.mode, .content, .links])
        #expect(found.map(\.path) == ["d/b", "d/s", "m", "only"])
        #expect(found.first?.text == "one file with other names")
        #expect(left.differences(from: right, in: .mode).map(\.path) == ["m", "only"])
        #expect(throws: TestingError.self) { try Snapshot(of: "/nowhere") }
    }

    @Test("a mount of one lower is that lower, and a change shows in both ways to look at it")
    func mounted() throws {
        let stack = try Stack(lowers: [["etc": ["app.conf": "color=blue", "link": .symlink("app.conf")]]])
        let mount = try stack.mount()
        let before = try Snapshot(of: stack.lowers[0])
        #expect(try before.differences(from: Snapshot(of: mount.path)).isEmpty)
        let file = fopen(mount.path + "/etc/app.conf", "a")
        fputs("!", file)
        fclose(file)
        #expect(try before.differences(from: Snapshot(of: mount.path), in: .content).map(\.path) == ["etc/app.conf"])
        mount.unmount()
        #expect(try stack.changes().map { String(decoding: $0.path, as: UTF8.self) } == ["etc/app.conf"])
    }
}
