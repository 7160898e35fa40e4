import OCI
import Testing

@Suite struct LayerDeterminism {
    @Test(
        "The bytes do not depend on the file system, the order of names or the number of threads", arguments: [1, 2, 3])
    func everywhere(seed: Int) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: seed, whiteouts: true)
        try scratch.shell("head -c 9000000 /dev/urandom >tree/large; seq 1 900000 >tree/text; cp -a tree copy")
        if Scratch.isRoot { try scratch.shell("mkdir m; mount -t tmpfs tmpfs m; cp -a tree m/tree") }
        for compression in Compression.allCases {
            for level in compression == .none ? [nil] : [nil, 6] as [Int?] {
                var results: [BuiltLayer] = []
                for workers in [1, 2, 7] {
                    let coding = LayerCoding(compression, level: level, workers: workers)
                    results.append(try scratch.build("tree", to: "layer", coding))
                }
                let coding = LayerCoding(compression, level: level, workers: 3)
                results.append(try scratch.build("copy", to: "layer", coding))
                if Scratch.isRoot { results.append(try scratch.build("m/tree", to: "layer", coding)) }
                #expect(Set(results.map(\.descriptor.digest)).count == 1, "\(coding)")
                #expect(Set(results.map(\.diffID)).count == 1, "\(coding)")
            }
        }
    }

    @Test("What the smallest layers are made of is fixed for ever")
    func golden() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir empty one; echo hello >one/file; chmod 640 one/file; touch -d @1700000000 one/file")
        #expect(
            try scratch.build("empty", to: "layer", LayerCoding(.none)).diffID.hex
                == "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")
        let bytes = try scratch.shell(
            "tar --format=ustar --numeric-owner -b 1 -cf - -C one file | sed 's/root\\x00/\\x00\\x00\\x00\\x00\\x00/g' | tar tvf - --numeric-owner"
        )
        try scratch.build("one", to: "layer", LayerCoding(.none))
        #expect(try scratch.shell("tar tvf layer --numeric-owner") == bytes)
        #expect(try scratch.shell("stat -c %s layer") == "2048\n")
    }

    @Test(
        "Sizes at the edges of blocks are read by every gzip and zstd",
        arguments: [0, 1, 1_046_000, 1_047_040, 1_048_576, 3_144_192])
    func edges(size: Int) throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir t; head -c \(size) /dev/urandom >t/f")
        let tar = try scratch.build("t", to: "tar", LayerCoding(.none))
        for level in [1, 6] {
            #expect(try scratch.build("t", to: "gz", LayerCoding(.gzip, level: level)).diffID == tar.diffID)
            try scratch.shell(
                """
                gzip -t gz; gzip -dc <gz | cmp - tar; igzip -dc <gz 2>/dev/null | cmp - tar || ! command -v igzip
                python3 -c 'import gzip, zlib; d = zlib.decompressobj(31); x = d.decompress(open("gz", "rb").read())
                assert x == open("tar", "rb").read() and d.eof and not d.unused_data'
                """)
        }
        #expect(try scratch.build("t", to: "zst", LayerCoding(.zstd)).diffID == tar.diffID)
        try scratch.shell("zstd -qt zst; zstd -qdc zst | cmp - tar")
        for blob in ["gz", "zst"] { #expect(try scratch.verify(blob).diffID == tar.diffID) }
    }

    @Test("Blobs in several members or frames are read to their end")
    func members() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir t; head -c 700000 /dev/urandom >t/f; seq 1 99999 >t/g; tar cf tar -C t f g
            split -b 100001 tar part.; for part in part.*; do gzip -c $part; done >gz
            for part in part.*; do zstd -qc $part; done >zst; gzip -9c tar >gz9; zstd -q19c tar >zst19
            """)
        let tar = try scratch.verify("tar")
        for blob in ["gz", "zst", "gz9", "zst19"] { #expect(try scratch.verify(blob).diffID == tar.diffID, "\(blob)") }
    }
}
