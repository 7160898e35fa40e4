import Glibc
import Testing

/// The wiring of `shale layer`: what it prints, where, and its exit statuses.
@Suite struct LayerCommands {
    private let scratch: Scratch
    private let shale: String

    init() throws {
        scratch = try Scratch()
        // Where the tests were built, the program was.
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        let own = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shale"
        let fixed = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/.build/debug/shale"
        shale = access(beside, X_OK) == 0 ? beside : fixed
        try scratch.shell("mkdir tree; echo hello >tree/file; mknod tree/gone c 0 0; touch -d @5 tree/file")
    }

    private func run(_ arguments: String) throws -> String {
        try scratch.shell("SWIFT_BACKTRACE=enable=no \(shale) layer \(arguments)")
    }

    @Test("create, verify and apply agree, through files and pipes")
    func agree() throws {
        let made = try run("create tree -o layer --format json")
        #expect(made.hasPrefix(#"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:"#))
        #expect(made.hasSuffix(#""entries":2}"# + "\n"))
        #expect(try run("verify layer --format json") == made)
        #expect(try run("apply layer out --format json") == made)
        #expect(try scratch.differences("tree", "out") == "")
        #expect(
            try scratch.shell(
                "\(shale) layer create tree -o - | tee piped | \(shale) layer apply - out2 --format json; cmp piped layer"
            ) == made)
        let text = try run("create tree -o layer")
        #expect(text.split(separator: "\n").map { $0.prefix(8) } == ["digest  ", "diff id ", "size    "])
        #expect(try run("create tree -o layer --threads 1 --compression zstd --level 19").contains("2 entries"))
    }

    @Test("Statuses: 1 for a layer that is not sound, 2 for wrong use, 125 for the rest; nothing is left")
    func statuses() throws {
        try scratch.shell("echo nothing >bad")
        for (arguments, status, message) in [
            ("apply bad out", 1, "shale: read layer: Unrecognized archive format\n"),
            ("verify bad", 1, "shale: read layer: Unrecognized archive format\n"),
            ("verify missing", 125, "shale: read missing: No such file or directory\n"),
            ("create missing -o layer", 125, "shale: open layer missing: No such file or directory\n"),
            ("create tree -o no/layer", 125, "shale: write no/layer: No such file or directory\n"),
            ("create tree -o layer --level 10", 2, "shale: gzip has levels 1 to 9"),
            (
                "create tree -o layer --compression xz", 2,
                "shale: The value 'xz' is invalid for '--compression <compression>'"
            ),
            ("verify bad --digest sha256:12", 2, "shale: The value 'sha256:12' is invalid for '--digest <digest>'"),
            ("create tree", 2, "shale: Missing expected argument '--output <output>'"),
        ] {
            let output = try run("\(arguments) || true")
            #expect(output.hasPrefix(message), "\(output)")
            #expect(
                try scratch.shell("\(shale) layer \(arguments) >/dev/null 2>&1 || echo $?") == "\(status)\n",
                "\(arguments)")
        }
        #expect(
            try scratch.shell("SOURCE_DATE_EPOCH=x \(shale) layer create tree -o l 2>&1 || echo $?")
                == "shale: read SOURCE_DATE_EPOCH: \"x\" is no number of seconds\n2\n")
        #expect(try scratch.shell("ls -A") == "bad\ntree\n")
    }
}
