import Linux
import OCI
import Testing

@Suite("import and export: whole trees") struct TreeCommands {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.shell(
            """
            mkdir -p tree/bin tree/etc/d; umask 022; echo hello >tree/etc/motd; ln tree/etc/motd tree/etc/other; ln -s motd tree/etc/link
            truncate -s 3M tree/hole; chmod 4755 tree/etc/d; printf '\\377\\n' >"tree/$(printf 'name\\377')"; mkfifo tree/pipe
            [ $(id -u) != 0 ] || chown 12:34 tree/etc/motd; find tree -exec touch -hd @1000 {} +
            """)
    }

    private static let list = "tar --numeric-owner -tvf"

    @Test("A tree comes out as it went in: through a tar, compressed or not, and from a directory")
    func roundTrip() throws {
        try workshop.shell(
            "tar --sort=name --format=pax \(Workshop.isRoot ? "" : "--owner=0 --group=0") -C tree -cf tree.tar .; gzip -k tree.tar; zstd -q tree.tar"
        )
        let ids = try workshop.shell(
            """
            export SOURCE_DATE_EPOCH=2000
            shale import -m same tree.tar a; shale import -m same - b <tree.tar.gz; shale import -m same tree.tar.zst c; shale import -m same tree d
            """
        ).split(separator: "\n")
        #expect(ids.count == 4 && Set(ids).count == 1 && ids[0].hasPrefix("sha256:"), "\(ids)")
        try workshop.shell(
            """
            for image in a d; do shale export -o $image.tar $image; mkdir out-$image; tar -C out-$image -xpf $image.tar; done
            cmp a.tar d.tar; shale export a | cmp - a.tar
            """)
        let describe =
            "find . -mindepth 1 -printf '%P %y %m %s %n %l %T@ '\(Workshop.isRoot ? " -printf '%U %G'" : "") -printf '\\n' | sort"
        #expect(try workshop.shell("cd tree; \(describe)") == workshop.shell("cd out-a; \(describe)"))
        #expect(try workshop.shell("cmp tree/etc/motd out-a/etc/motd; stat -c %h out-a/etc/other") == "2\n")
        #expect(
            try workshop.shell("shale inspect -f '{{.Created}} {{.Comment}} {{len .RootFS.Layers}}' a")
                == "1970-01-01T00:33:20Z same 1\n")
    }

    @Test("Changes are what Docker accepts; a mistake among them makes no image")
    func changes() throws {
        try workshop.shell(
            #"shale import -c 'CMD ["sh"]' -c 'ENV A=1 B="2 3"' -c 'ENV C=$A/x' -c 'EXPOSE 80' -c 'WORKDIR /srv' -c 'LABEL a=b' --platform arm64 tree a"#
        )
        #expect(
            try workshop.shell(
                "shale inspect -f '{{.Config.Cmd}}{{.Config.Env}}{{.Config.ExposedPorts}}{{.Config.WorkingDir}}{{.Config.Labels}}{{.Architecture}}' a"
            )
                == "[sh][A=1 B=2 3 C=1/x]map[80/tcp:{}]/srvmap[a:b]arm64\n")
        for (change, message) in [
            ("RUN x", "apply --change: RUN does not say how an image runs"),
            ("COPY a b", "apply --change: COPY does not"),
            ("CMT x", "--change:1: unknown instruction"), ("EXPOSE x", "--change:1: invalid port"),
        ] {
            let result = try workshop.run("shale import -c '\(change)' tree b")
            #expect(result.status == 2 && result.errors.hasPrefix("shale: \(message)"), "\(result.errors)")
        }
        for source in ["nothing", "a.txt"] {
            try workshop.shell("echo no tar >a.txt")
            let result = try workshop.run("shale import \(source) b")
            #expect(result.status == 125 && result.errors.hasPrefix("shale: import \(source): "))
        }
        #expect(
            try workshop.shell("shale images -q | wc -l; shale prune; shale doctor --store; ls store/ingest")
                == "1\nTotal reclaimed space: 0B\n")
    }

    @Test("What upper layers hide is not exported; what a container changed is")
    func hidden() throws {
        let image = try workshop.image(
            "a",
            layers: [
                "mkdir d e; echo 1 >d/f; echo 1 >e/g; echo 1 >h",
                "mkdir -p d e; echo 2 >d/k; touch .wh.h e/.wh..wh..opq e/new",
            ])
        #expect(try workshop.shell("shale export a | tar -t") == "d/\nd/f\nd/k\ne/\ne/new\n")
        try workshop.container("c0ffee00", of: image)
        try workshop.shell(
            "mkdir -p store/containers/c0ffee00/upper/d; cd store/containers/c0ffee00/upper/d; echo changed >f; touch .wh.k"
        )
        #expect(try workshop.shell("shale export c0ff | tar -xO d/f") == "changed\n")
        #expect(try workshop.shell("shale export c0ffee00 | tar -t") == "d/\nd/f\ne/\ne/new\n")
        let failed = try workshop.run("shale export nothing -o x")
        #expect(failed.status == 125 && failed.errors == "shale: export nothing: find image nothing: there is none\n")
        #expect(try workshop.shell("ls -d x 2>/dev/null || true") == "")
    }

    @Test(
        "Our layers under kernel overlayfs, under our mount, and flattened, are the same tree",
        .enabled(if: Workshop.isRoot, "needs root of the machine"))
    func mounted() throws {
        let image = try workshop.image(
            "a",
            layers: [
                "mkdir -p a/b/c d; echo 1 >a/b/f; echo 2 >a/b/c/g; echo 3 >d/h; ln d/h d/i; chmod 4711 d/h; mkfifo p; mknod n c 1 3; chown 7:8 a",
                "mkdir -p a/b; touch a/b/.wh.c; echo new >a/b/f; ln -s x a/l; setfattr -n user.t -v 1 a/b/f",
                "mkdir d; touch d/.wh..wh..opq; echo only >d/only; mkdir -p a/b/c; echo again >a/b/c/again",
            ])
        let lease = try workshop.store.lease()
        let lowers = try workshop.store.unpacked(image, lease).map { String(decoding: $0, as: UTF8.self) }.joined(
            separator: ":")
        try workshop.shell(
            """
            mkdir m1 m2 flat; mount -t overlay overlay -o lowerdir=\(lowers) m1; '\(Workshop.shale)' mount -o lowerdir=\(lowers),ro m2
            shale export a | tar -C flat -xpf - --xattrs --xattrs-include='*'
            """)
        let describe =
            "find . -mindepth 1 -printf '%P %y %m %U %G %l %T@\\n' | sort; find . ! -type d -printf '%P %n\\n' | sort; getfattr -hPdR -m user . 2>/dev/null || true; find . -type f | sort | xargs sha256sum"
        let kernel = try workshop.shell("cd m1; \(describe)")
        #expect(kernel.contains("a/b/c/again f 644") && kernel.contains("user.t=") && !kernel.contains("a/b/c/g"))
        #expect(try workshop.shell("cd m2; \(describe)") == kernel)
        #expect(try workshop.shell("cd flat; \(describe)") == kernel)
    }
}
