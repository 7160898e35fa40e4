import Linux
import OCI
import Testing

@Suite("images and history show what docker's tables show") struct ListCommands {
    private let workshop: Workshop
    private let base: Store.Image
    private let app: Store.Image

    init() throws {
        workshop = try Workshop()
        base = try workshop.image("busybox:1", layers: ["seq 20000 >f"]) {
            $0.history = [.init(created: "2020-01-02T03:04:05Z", createdBy: "/bin/sh -c #(nop) ADD file in /")]
        }
        app = try workshop.image("localhost:5000/team/app:v2", layers: ["seq 20000 >f", "echo two >g"]) {
            $0.created = "2021-01-02T03:04:05.5Z"
            $0.execution.labels = ["team": "a", "tier": "web"]
            $0.history = [
                .init(created: "2020-01-02T03:04:05Z", createdBy: "/bin/sh -c #(nop) ADD file in /"),
                .init(
                    created: "2020-05-02T03:04:05Z", createdBy: "ENV A=\t" + String(repeating: "x", count: 60),
                    emptyLayer: true),
                .init(created: "2021-01-02T03:04:05Z", createdBy: "RUN make", comment: "made"),
            ]
        }
    }

    private func short(_ image: Store.Image) -> String { String(image.id.hex.prefix(12)) }

    @Test("A row for each name, newest first; ids, sizes and times as docker writes them")
    func table() throws {
        try workshop.shell("shale tag busybox:1 box; shale tag busybox:1 docker.io/library/other")
        let size = base.manifest.layers[0].size
        #expect(size < 999_500 && size > 9995)
        let table = try workshop.shell("shale images").split(separator: "\n").map(String.init)
        #expect(table.count == 5)
        #expect(table[0].hasPrefix("REPOSITORY                TAG       IMAGE ID       CREATED       SIZE"))
        #expect(table[1].hasPrefix("localhost:5000/team/app   v2        \(short(app))   5 years ago   "))
        #expect(table[2].hasPrefix("box                       latest    \(short(base))   6 years ago   "))
        #expect(table[3].hasPrefix("busybox                   1         \(short(base))   6 years ago   "))
        #expect(table[4].hasPrefix("other                     latest    \(short(base))   6 years ago   "))
        let wanted = "\(base.manifest.layers[0].size / 1000)"
        #expect(table[3].hasSuffix("kB") && table[3].contains("   \(wanted.prefix(2))"))
        #expect(try workshop.shell("shale images -q busybox") == "\(short(base))\n")
        #expect(try workshop.shell("shale images -q --no-trunc busybox:1") == "\(base.id)\n")
        let digests = try workshop.shell("shale images --digests busybox").split(separator: "\n").map(String.init)
        #expect(digests[0].contains("TAG       DIGEST   ") && digests[1].contains("   \(base.descriptor.digest)   "))
        // Unpacked, an image is as large as its tars.
        let lease = try workshop.store.lease()
        _ = try workshop.store.unpacked(base, lease)
        let tar = try #require(try workshop.store.layerSize(base.config.diffIDs[0]))
        #expect(try workshop.shell("shale images --format '{{.Size}}' busybox") == "\((tar + 500) / 1000)kB\n")
    }

    @Test("Formats: templates, tables of templates, JSON")
    func formats() throws {
        #expect(
            try workshop.shell(#"shale images --format '{{.Repository}}:{{.Tag}} {{.CreatedAt}}'"#) == """
                localhost:5000/team/app:v2 2021-01-02 03:04:05 +0000 UTC
                busybox:1 2020-01-02 03:04:05 +0000 UTC

                """)
        #expect(
            try workshop.shell(#"shale images --format 'table {{.ID}}\t{{lower .Repository}}\t{{.Tag}}'"#) == """
                IMAGE ID       repository                TAG
                \(short(app))   localhost:5000/team/app   v2
                \(short(base))   busybox                   1

                """)
        let json = try workshop.shell("shale images --format json busybox")
        #expect(
            json.hasPrefix(
                #"{"Containers":"0","CreatedAt":"2020-01-02 03:04:05 +0000 UTC","CreatedSince":"6 years ago","#))
        let mistake = try workshop.run("shale images --format '{{.Nothing}}'")
        #expect(
            mistake.status == 2 && mistake.errors == "shale: run template at .Nothing: there is no field \"Nothing\"\n")
    }

    @Test(
        "Filters",
        arguments: [
            ("", "app busybox none"), ("-f dangling=true", "none"), ("-f dangling=false", "app busybox"),
            ("-f label=team", "app"), ("-f label=team=a -f label=tier=web", "app"), ("-f label=team=b", ""),
            ("-f 'label!=team'", "busybox none"), ("-f before=localhost:5000/team/app:v2", "busybox none"),
            ("-f since=busybox:1", "app"), ("-f reference=busybox", "busybox"), ("-f 'reference=busy*:?'", "busybox"),
            ("-f 'reference=*/*/app' -f reference=nothing", "app"), ("-f 'reference=*'", "busybox"),
            ("'[b-c]usybox'", "busybox"),
            ("-f until=2020-06-01", "busybox none"), ("-f until=24h", "app busybox none"), ("busybox:2", ""),
        ])
    func filters(_ options: String, _ wanted: String) throws {
        try workshop.image(nil, layers: ["echo x >x"])
        let found = try workshop.shell(
            "shale images \(options) --format '{{.Repository}}' | sed 's/.*app/app/; s/<none>/none/' | sort")
        #expect(found.split(separator: "\n").joined(separator: " ") == wanted)
    }

    @Test("A filter that is none is refused in one line")
    func mistakes() throws {
        for filter in ["x", "dangling=maybe", "colour=red", "before=nothing", "until=soon", "reference=[a"] {
            let result = try workshop.run("shale images -f '\(filter)'")
            #expect(
                result.status == 2 && result.errors.hasPrefix("shale: images: ") && result.output == "", "\(filter)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test("History: newest first, the ids that there are, sizes of layers only")
    func history() throws {
        let lines = try workshop.shell("shale history localhost:5000/team/app:v2").split(separator: "\n").map(
            String.init)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("IMAGE          CREATED       CREATED BY                                      SIZE"))
        #expect(lines[1].hasPrefix("\(short(app))   5 years ago   RUN make   ") && lines[1].hasSuffix("B      made"))
        #expect(
            lines[2].hasPrefix("<missing>      6 years ago   ENV A= " + String(repeating: "x", count: 37) + "…   0B "))
        // Ends with this step, and is there.
        #expect(lines[3].hasPrefix("\(short(base))   6 years ago   /bin/sh -c #(nop) ADD file in /   "))
        let long = try workshop.shell(
            "shale history --no-trunc --human=false --format '{{.ID}} {{.CreatedAt}} {{.Size}} {{.CreatedBy}}' localhost:5000/team/app:v2"
        ).split(separator: "\n").map(String.init)
        #expect(long[0] == "\(app.id) 2021-01-02T03:04:05Z \(app.manifest.layers[1].size) RUN make")
        #expect(long[1].hasSuffix(" 0 ENV A= " + String(repeating: "x", count: 60)))
        #expect(
            try workshop.shell("shale history -q localhost:5000/team/app:v2")
                == "\(short(app))\n<missing>\n\(short(base))\n")
    }
}
