import Glibc
import Linux
import OCI
import Testing

@Suite struct LayerRoundTrips {
    @Test("A tree becomes a layer and the same tree again", arguments: 1...12)
    func same(seed: Int) throws {
        let scratch = try Scratch()
        let coding = LayerCoding(Compression.allCases[seed % 3], level: seed % 2 == 0 ? nil : 6)
        try scratch.generate("tree", seed: seed, whiteouts: true)
        // Where owners are recorded, links and fifos cannot carry a record, and are root's.
        if !Scratch.isRoot { try scratch.shell("find tree \\( -type l -o -type p \\) -delete") }
        let built = try scratch.build("tree", to: "layer", coding)
        let read = try scratch.unpack(
            "layer", to: "again", LayerUnpacker(digest: built.descriptor.digest, diffID: built.diffID))
        let different = try scratch.differences("again", "tree")
        #expect(different == "")
        #expect(read.descriptor == built.descriptor)
        #expect(read.tarSize == built.tarSize && read.entries == built.entries)
        #expect(try scratch.verify("layer") == read)
        #expect(try scratch.build("again", to: "layer2", coding) == built)
    }

    @Test("Recorded owners and devices become real numbers again", arguments: 1...6)
    func recorded(seed: Int) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: seed, whiteouts: true)
        // Symlinks and fifos cannot carry a record.
        try scratch.shell("find tree \\( -type l -o -type p \\) -delete")
        let built = try scratch.build("tree", to: "layer")
        try scratch.unpack("layer", to: "again", LayerUnpacker(ownership: .recorded))
        #expect(try scratch.build("again", to: "layer2").diffID == built.diffID)
        #expect(try scratch.shell("find again -type b -o -type c ! -size 0 -o -perm /6000 | wc -l") == "0\n")
    }

    @Test("Whiteouts of every form give the same bytes")
    func whiteoutForms() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            for form in devices files; do
                mkdir -p $form/d/e $form/-x; touch -d @5 $form/d/a $form/d/.a $form/d/zz
            done
            mknod devices/d/gone c 0 0; mknod devices/-gone c 0 0; mknod devices/d/e/x c 0 0
            setfattr -n user.overlay.opaque -v y devices/d/e
            touch files/d/.wh.gone files/.wh.-gone files/d/e/.wh.x files/d/e/.wh..wh..opq files/.wh..wh.plnk files/d/.wh.zz
            touch -d @5 devices/d/e devices/d devices/-x files/d/e files/d files/-x
            """)
        #expect(try scratch.build("devices", to: "1").diffID == scratch.build("files", to: "2").diffID)
        let list = try scratch.shell("tar tf 1")
        #expect(
            list == """
                .wh.-gone
                -x/
                d/
                d/.a
                d/a
                d/e/
                d/e/.wh..wh..opq
                d/e/.wh.x
                d/.wh.gone
                d/zz

                """)
    }

    @Test("A directory beside its own whiteout is opaque, whichever comes first", arguments: ["first", "last"])
    func whiteoutAndDirectory(order: String) throws {
        let scratch = try Scratch()
        let names = order == "first" ? ".wh.d d d/f" : "d d/f .wh.d"
        try scratch.shell("mkdir t t/d; echo x >t/d/f; touch t/.wh.d; tar cf layer --no-recursion -C t \(names)")
        try scratch.unpack("layer", to: "out")
        let list = try scratch.shell("cd out; find . -type f -o -type c; getfattr -d -m overlay.opaque d")
        #expect(list.contains("./d/f") && list.contains("opaque=\"y\"") && !list.contains(".wh."))
    }

    @Test("Links to long names in any encoding survive", arguments: ["é", "\\xff", "e\\xcc\\x81", "a"])
    func longLinks(letter: String) throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir t; cd t; n=$(printf '\(letter)%.0s' {1..60}); mkdir -p "$n/$n/$n"; echo x >"$n/$n/$n/$n"
            ln "$n/$n/$n/$n" "$n/z"; ln -s "$n/$n/$n/$n" link; ln "$n/$n/$n/$n" zz; setfattr -n user.k -v "$n" zz
            """)
        try scratch.build("t", to: "layer")
        try scratch.unpack("layer", to: "out")
        #expect(try scratch.differences("t", "out") == "")
        #expect(try scratch.describe("out").split(separator: "same as").count == 3)
        try scratch.shell("mkdir gnu; tar -xpf layer -C gnu --xattrs --xattrs-include='*'")
        #expect(try scratch.differences("gnu", "out") == "")
    }

    @Test("SOURCE_DATE_EPOCH is the latest time")
    func clamp() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir t; touch -d @1000 t/old; touch -d @3000 t/new; touch -d @9000 t")
        try scratch.build("t", to: "layer", latest: 2000)
        try scratch.unpack("layer", to: "out")
        #expect(try scratch.shell("stat -c '%n %Y' out/*") == "out/new 2000\nout/old 1000\n")
    }

    @Test("Runs of zeros are holes again, and a large hole costs no blocks")
    func holes() throws {
        let scratch = try Scratch()
        try scratch.shell(
            "mkdir t; truncate -s 300M t/sparse; echo data | dd of=t/sparse seek=100 bs=1M conv=notrunc status=none")
        try scratch.build("t", to: "layer")
        try scratch.unpack("layer", to: "out")
        try scratch.shell(
            "cmp t/sparse out/sparse; test $(stat -c %b out/sparse) -lt 2000; test $(stat -c %s layer) -lt 2000000")
    }

    @Test("Sockets are left out and named; a name of PATH_MAX fits")
    func extremes() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir t; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("t/s")'
            python3 - <<'X'
            import os
            d = os.open("t", os.O_RDONLY)
            for i in range(19):
                os.mkdir("d" * 200, dir_fd=d)
                d = os.open("d" * 200, os.O_RDONLY, dir_fd=d)
            os.close(os.open("last", os.O_CREAT | os.O_WRONLY, dir_fd=d))
            X
            """)
        let built = try scratch.build("t", to: "layer")
        #expect(built.skipped == [Array("s".utf8)])
        #expect(built.entries == 20)
        #expect(try scratch.unpack("layer", to: "out").entries == 20)
    }

    /// sysfs says that its files have 4096 bytes, and gives fewer: as a file that is truncated while it is read.
    private static let shortFiles = "/sys/devices/virtual/net/lo/statistics"

    @Test(
        "A file that gives fewer bytes than it said is an error, not a layer",
        .enabled(if: access(shortFiles, R_OK) == 0))
    func changing() throws {
        let scratch = try Scratch()
        let output = try FD.workingDirectory.open("\(scratch.path)/layer", [.writeOnly, .create], mode: 0o644)
        let error = #expect(throws: LayerError.self) {
            try LayerBuilder().build(LayerSource(upper: Array(Self.shortFiles.utf8)), into: output.fd)
        }
        #expect(error?.description == "read collisions: it changed while it was read")
        #expect(throws: LayerError.self) { try scratch.build("missing", to: "c") }
    }

    @Test("Files that were copied up and not changed are left out on request, and named")
    func minimal() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir -p low/d low/e; for f in same content mode time attribute; do echo $f >low/d/$f; done; echo x >low/e/hidden
            cp -a low up; echo CONTENT >up/d/content; touch -r low/d/content up/d/content; chmod 600 up/d/mode; touch up/d/time
            setfattr -n user.x -v y up/d/attribute; setfattr -n user.overlay.opaque -v y up/e; echo new >up/d/new
            """)
        let whole = try scratch.build("up", to: "whole", lowers: ["low"])
        let source = LayerSource(upper: scratch.bytes("up"), lowers: [scratch.bytes("low")])
        let output = try FD.workingDirectory.open("\(scratch.path)/minimal", [.writeOnly, .create], mode: 0o644)
        let minimal = try LayerBuilder(minimizes: true).build(source, into: output.fd)
        #expect(minimal.unchanged == [Array("d/same".utf8)])
        #expect(minimal.entries == whole.entries - 1)
        #expect(try scratch.shell("tar tf minimal") == scratch.shell("tar tf whole | grep -v same"))
    }
}
