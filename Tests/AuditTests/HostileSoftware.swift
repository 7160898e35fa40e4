import Glibc
import Linux
import OCI
import Testing

@testable import Analysis

@Suite struct HostileSoftware {
    @Test("Records that are huge, nested or broken give what they can, and no more")
    func records() async throws {
        let bench = try Workbench()
        let deep = String(repeating: "[", count: 100_000)
        // A METADATA of ten GiB, which is a hole but for its first lines.
        try bench.run(
            """
            mkdir -p usr/lib/python3/site-packages/big-1.dist-info && cd usr/lib/python3/site-packages/big-1.dist-info
            printf 'Metadata-Version: 2.1\\nName: big\\nVersion: 1\\n\\n' >METADATA && truncate -s 10G METADATA
            cd "$OLDPWD" && tar --sparse -cf big.tar usr
            """)
        try bench.image(
            "image",
            [
                "layers": [
                    ["by": "a", "tar": .string("\(bench.path)/big.tar")],
                    [
                        "by": "b",
                        "files": [
                            [
                                "path": "a/node_modules/deep/package.json",
                                "data": .string("{\"name\":\"deep\",\"version\":\(deep)"),
                            ],
                            ["path": "a/node_modules/odd/package.json", "data": "{\"name\":7,\"version\":{}}"],
                            ["path": "a/package-lock.json", "data": .string("{\"packages\":\(deep)")],
                            [
                                "path": "var/lib/dpkg/status",
                                "data": .string(
                                    "Package: \(String(repeating: "a", count: 100_000))\nVersion: 1\nStatus: install ok installed\n\n"
                                        + "Package: b\u{1b}[2J\nVersion: 2\nStatus: install ok installed\n\nVersion\n:\n\n \n"
                                ),
                            ],
                            ["path": "var/lib/rpm/rpmdb.sqlite", "data": "SQLite format 3\u{0} and no more"],
                            ["path": "usr/bin/short", "hex": "7f454c46020101", "mode": "755"],
                            ["path": "x-1.dist-info/METADATA", "hex": "ff00fe0a4e616d653a", "mode": "644"],
                        ],
                    ],
                ]
            ])
        let list = try await SoftwareInventory.read(try bench.open("image"))
        #expect(list.packages.map(\.package.kind.rawValue) == ["deb", "deb", "pypi"])
        #expect(list.packages[0].package.name.utf8.count == 4096)
        #expect(list.packages[1].package.name == "b[2J")
        #expect(list.notes.count == 2, "\(list.notes)")
        #expect(!list.spdx(version: "1", created: 0).canonicalBytes.contains(0x1b))
    }

    /// Mutates a file at random, a number of times, with a generator that always gives the same.
    private func mutations(of bytes: [UInt8], _ count: Int, _ body: ([UInt8]) throws -> Void) rethrows {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next() -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33)
        }
        for _ in 0..<count {
            var copy = bytes
            for _ in 0..<(1 + next() % 8) {
                let place = next() % 3 == 0 ? next() % copy.count : next() % min(copy.count, 128)
                copy[place] = [0, 0xff, 0x7f, 0x80, UInt8(next() & 0xff)][next() % 5]
            }
            if next() % 4 == 0 { copy.removeLast(next() % copy.count) }
            if copy.isEmpty { continue }
            try body(copy)
        }
    }

    @Test("Programs whose headers lie are read without harm")
    func programs() throws {
        let bench = try Workbench()
        try bench.write(
            "info",
            [0xff] + Array(" Go buildinf:".utf8) + [8, 2] + [UInt8](repeating: 0, count: 16) + [4] + Array("go1.".utf8)
                + [0])
        let (status, _, errors) = try bench.run(
            "objcopy --strip-all --add-section .go.buildinfo=info --add-section .dep-v0=info /bin/true program")
        try #require(status == 0, "\(errors)")
        let program = try FD.workingDirectory.contents(of: Array("\(bench.path)/program".utf8).cPath, atMost: 1 << 20)
        func sections(_ bytes: [UInt8]) throws -> [UInt8]? {
            try bench.write("mutant", bytes)
            let file = try FD.workingDirectory.open(Array("\(bench.path)/mutant".utf8).cPath, .readOnly)
            return ELFSections(file.fd)?.content(of: GoBuildInfo.section, atMost: GoBuildInfo.limit)
        }
        #expect(try sections(program)?.count == 38)
        var found = 0
        try mutations(of: program, 1500) { if let bytes = try sections($0), bytes.count < 1 << 21 { found += 1 } }
        #expect(found > 100)
        // The table of sections at every place that means trouble.
        for offset in [UInt64.max, UInt64(program.count), UInt64(program.count) - 1, UInt64.max - 63, 1 << 63] {
            var copy = program
            for index in 0..<8 { copy[40 + index] = UInt8(truncatingIfNeeded: offset >> UInt64(8 * index)) }
            #expect(try sections(copy) == nil)
        }
    }

    @Test("Build information, crates and headers of RPM that lie are read without harm")
    func sections() {
        let magic: [UInt8] = [0xff] + Array(" Go buildinf:".utf8) + [8, 2] + [UInt8](repeating: 0, count: 16)
        let go =
            magic + [8] + Array("go1.22.1".utf8) + [60] + [UInt8](repeating: 0, count: 16)
            + Array("dep\texample.org/a\tv1\nmod\tb\tc\n".utf8) + [UInt8](repeating: 0, count: 30)
        mutations(of: go, 3000) { _ = GoBuildInfo.read($0) }
        #expect(GoBuildInfo.read(magic + [0xff, 0xff, 0xff, 0xff, 0x7f]) == .none)
        #expect(GoBuildInfo.read(magic + [UInt8](repeating: 0x80, count: 100)) == .none)
        var header: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 8]
        header += [
            0, 0, 3, 0xe8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 3, 0xeb, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 1,
        ]
        header += Array("abcdefg\0".utf8)
        mutations(of: header, 3000) { _ = RPMHeader($0)?.package }
        // A stream that becomes far more than any list of crates.
        #expect(RustAudit.packages([0x78, 0x9c]) == nil)
        #expect(RustAudit.packages([]) == nil)
    }
}
