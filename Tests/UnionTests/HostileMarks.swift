import CLinux
import Linux
import ShaleTesting
import Testing
import Union

/// Marks in a layer are somebody else's bytes: what they say is followed beneath the layers, or refused to that caller.
@Suite struct HostileMarks {
    private static let prefix = "user.overlay."
    private static let values: [[UInt8]] = [
        [], [0], [0x2f], Array("..".utf8), Array("/..".utf8), Array("../secret".utf8), Array("/../../secret".utf8),
        Array("/d/../../secret".utf8), Array("//d//".utf8), Array("/d/./f".utf8), Array("d/e".utf8), Array("/d".utf8),
        Array("/secret".utf8), Array("d".utf8), Array("y".utf8), Array("x".utf8), [0xff, 0xfe],
        [UInt8](repeating: 0x61, count: 300), Array(String(repeating: "/d", count: 200).utf8),
        Array("f\0g".utf8), Array("/f\n".utf8),
    ]

    @Test("1.4, 7.2, 11.3 no redirect, opaque mark or metacopy leads out of a layer", arguments: 0..<63)
    func marks(_ seed: Int) throws {
        let value = Self.values[seed % Self.values.count]
        let mark = ["redirect", "opaque", "metacopy"][seed / Self.values.count]
        let key = Self.prefix + mark
        let stack = try Stack(
            lowers: [
                [
                    "d": .directory([.init(Array("a".utf8), "top")], attributes: [key: value]),
                    "f": .file(
                        Array("0000".utf8), attributes: [Self.prefix + "metacopy": []].merging([key: value]) { $1 }),
                ],
                ["d": ["f": "below", "e": ["x": "1"]], "f": "data", "l": .symlink("../secret")],
            ], upper: ["u": .directory([], attributes: [key: value])])
        let file = try FD.workingDirectory.open(
            cPath(stack.path + "/secret"), [.create, .writeOnly], mode: 0o644)
        let text = Array("secret".utf8)
        #expect(text.withUnsafeBytes { cl_write(file.raw, $0.baseAddress, $0.count) } == 6)
        let tree = try stack.union {
            $0.userAttributes = true
            $0.redirect = .on
            $0.metacopy = true
        }
        var seen = ""
        for path in ["d/a", "d/f", "d/e/x", "f", "u/a", "u/f", "u/secret", "d/secret", "secret"] {
            seen += (try? tree.read(path)) ?? ""
        }
        for path in ["", "d", "u", "d/e"] { seen += ((try? tree.list(path)) ?? []).joined() }
        #expect(!seen.contains("secret"), "\(mark) \(value) shows \(seen)")
        // And it goes on answering.
        try tree.write("new", "1")
        #expect(try tree.read("new") == "1")
    }

    private func cPath(_ text: String) -> [CChar] { text.utf8.map { CChar(bitPattern: $0) } + [0] }
}
