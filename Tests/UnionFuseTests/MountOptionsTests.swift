import Testing
import Union

@testable import UnionFuse

/// What `-o` understands (SEMANTICS 1.1, 11.5).
@Suite struct MountOptionsTests {
    private func parsed(_ text: String) throws -> MountOptions {
        var options = MountOptions()
        try options.add(Array(text.utf8))
        return options
    }

    private func texts(_ paths: [[UInt8]]) -> [String] { paths.map { String(decoding: $0, as: UTF8.self) } }

    @Test("1.1 lowers are split at colons, and escapes stand for themselves")
    func lowers() throws {
        let options = try parsed(#"lowerdir=/a:/b\:c:/d\,e:/f\\g,upperdir=/u\,v,workdir=/w"#)
        #expect(texts(options.union.lowers) == ["/a", "/b:c", "/d,e", #"/f\g"#])
        #expect(options.union.upper == Array("/u,v".utf8))
    }

    @Test("1.1 lowerdir+= adds one without escapes")
    func addedLowers() throws {
        let options = try parsed(#"lowerdir+=/a:b,lowerdir+=/c"#)
        #expect(texts(options.union.lowers) == ["/a:b", "/c"])
    }

    @Test("data-only lowers follow '::'")
    func dataLowers() throws {
        let options = try parsed("lowerdir=/a:/b::/c::/d")
        #expect(texts(options.union.lowers) == ["/a", "/b"])
        #expect(texts(options.union.dataLowers) == ["/c", "/d"])
    }

    @Test(
        "what cannot be is refused in one line",
        arguments: [
            "lowerdir=", "lowerdir=/a::", "lowerdir=::/a", "lowerdir=/a::/b:/c", "redirect_dir=maybe", "metacopy=1",
            "nfs_export=on", "verity=require", "xattr_permissions=3", "squash_to_uid=x", "uidmapping=1:2", "upperdir",
            "nooverride_creds", "noxattrs=1",
        ])
    func refused(text: String) {
        #expect(throws: Refusal.self) { try parsed(text) }
    }

    @Test("11.5 unknown options are ignored with a warning")
    func unknown() throws {
        let options = try parsed("lowerdir=/a,frobnicate=3,nodev,fsname=x,subtype=y")
        #expect(options.warnings == ["unknown option ignored: frobnicate"])
        #expect(options.devices == false)
        #expect(options.source == Array("x".utf8))
    }

    @Test("whatever the bytes, the parser answers", arguments: 0..<200 as Range<UInt64>)
    func neverTraps(seed: UInt64) {
        let words = [
            "lowerdir", "=", ":", ",", "\\", "::", "/a", "upperdir", "uidmapping", "0:1:2", "threads", "-1", "\u{0}",
            "é",
        ]
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var text: [UInt8] = []
        for _ in 0..<40 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            text += Array(words[Int(state % UInt64(words.count))].utf8)
        }
        var options = MountOptions()
        try? options.add(text)
        #expect(options.union.lowers.allSatisfy { !$0.contains(0) })
    }
}
