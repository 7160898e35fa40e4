import Linux
import OCI
import Testing

/// Other people's programs read what we write, and we read theirs.
@Suite struct OtherTools {
    @Test("GNU tar, Python and libarchive unpack our layers to the same tree", arguments: [21, 22, 23, 24])
    func readOurs(seed: Int) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: seed)
        try scratch.build("tree", to: "layer", LayerCoding(seed % 2 == 0 ? .gzip : .none))
        try scratch.shell(
            "mkdir gnu; tar -xpf layer -C gnu --numeric-owner --xattrs --xattrs-include='*' --delay-directory-restore")
        let different = try scratch.differences("gnu", "tree")
        #expect(different == "")
        // Python's tarfile knows no attributes: names, types, sizes and owners are compared.
        let listed = try scratch.shell(
            """
            python3 - <<'X'
            import os, tarfile
            with tarfile.open("layer", errors="surrogateescape", encoding="utf-8") as t:
                for m in t:
                    s = os.lstat(os.path.join("tree", m.name))
                    assert (m.uid, m.gid, m.mode) == (s.st_uid, s.st_gid, s.st_mode & 0o7777), m.name
                    assert m.mtime == s.st_mtime_ns // 10**9, (m.name, m.mtime, s.st_mtime)
                    assert not m.isreg() or m.size == s.st_size
                print(len(t.getnames()))
            X
            """)
        #expect(listed == (try scratch.shell("find tree -mindepth 1 -printf x | wc -c")))
    }

    @Test(
        "Archives of GNU tar, Python and BusyBox are unpacked",
        arguments: ["gnu", "pax", "oldgnu", "sparse", "python", "busybox"])
    func readTheirs(tool: String) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: 31)
        if tool != "gnu", tool != "pax", tool != "sparse" {
            try scratch.shell("find tree -exec setfattr -h -x user.n0 {} + 2>/dev/null || true")
        }
        let common = "--numeric-owner --sort=name"
        switch tool {
        case "pax": try scratch.shell("tar \(common) --format=pax --xattrs --xattrs-include='*' -cf layer -C tree .")
        case "sparse":
            try scratch.shell("tar \(common) --format=pax --sparse --xattrs --xattrs-include='*' -cf layer -C tree .")
        case "gnu", "oldgnu": try scratch.shell("tar \(common) --sparse --format=\(tool) -czf layer -C tree .")
        case "python":
            try scratch.shell(
                "python3 -c 'import tarfile; t = tarfile.open(\"layer\", \"w\", errors=\"surrogateescape\"); t.add(\"tree\", \".\"); t.close()'"
            )
        // BusyBox's tar has neither large owners nor times before 1970.
        default:
            try scratch.shell(
                "find tree -exec touch -hd @1000 {} +; [ $UID != 0 ] || chown -hR 1:1 tree; busybox tar cf layer -C tree ."
            )
        }
        try scratch.unpack("layer", to: "out")
        // Only PAX carries attributes.
        let strip = "sed -E \"s/ \\('(user|security)\\.[^ ]*', b('([^'\\\\\\\\]|\\\\\\\\.)*'|\\\"[^\\\"]*\\\")\\)//g\""
        if tool == "pax" || tool == "sparse" {
            let different = try scratch.differences("out", "tree")
            #expect(different == "")
        } else {
            let read = try scratch.shell("python3 \(Scratch.fixtures)/tree.py describe out | \(strip)")
            #expect(read == (try scratch.shell("python3 \(Scratch.fixtures)/tree.py describe tree | \(strip)")))
        }
    }

    /// A layout with one image of these layers, through our own documents.
    private func layout(_ scratch: Scratch, _ layers: [BuiltLayer], _ files: [String]) throws {
        try scratch.shell("mkdir -p layout/blobs/sha256; echo '{\"imageLayoutVersion\":\"1.0.0\"}' >layout/oci-layout")
        for (layer, file) in zip(layers, files) {
            try scratch.shell("cp \(file) layout/blobs/sha256/\(layer.descriptor.digest.hex)")
        }
        func put(_ document: some Document) throws -> ContentDescriptor {
            let descriptor = try document.descriptor()
            try scratch.write("layout/blobs/sha256/\(descriptor.digest.hex)", document.bytes)
            return descriptor
        }
        var execution = Execution()
        execution.environment = ["PATH=/bin"]
        let config = ImageConfig(
            created: "2024-01-01T00:00:00Z", execution: execution, diffIDs: layers.map(\.diffID),
            history: layers.map { _ in ImageConfig.History(createdBy: "test") })
        var manifest = try put(ImageManifest(config: try put(config), layers: layers.map(\.descriptor)))
        manifest.annotations = [Annotation.referenceName: "tag"]
        try scratch.write("layout/index.json", ImageIndex(manifests: [manifest]).bytes)
    }

    @Test(
        "umoci applies our layers as kernel overlayfs shows them unpacked by us",
        .enabled(if: Scratch.isRoot, "needs root of the machine"),
        arguments: [41, 42, 43, 44])
    func umoci(seed: Int) throws {
        let scratch = try Scratch()
        try scratch.generate("base", seed: seed)
        // umoci cannot set times beyond 2262.
        try scratch.shell("find base -depth -newermt @9000000000 -exec touch -hd @9 {} +")
        // A container's life: kernel overlayfs makes the upper.
        try scratch.shell(
            """
            mkdir upper work m; mount -t overlay overlay -o lowerdir=base,upperdir=upper,workdir=work,redirect_dir=off m
            cd m; for f in $(find . -mindepth 1 -name 'n*' | sort | head -12); do
                # Never through a symlink, whose target is somebody else's.
                [ -L "$f" ] && { rm "$f"; continue; }
                case $((i = ${i:-0} + 1, i % 4)) in
                0) rm -rf "$f";; 1) [ -e "$f" ] && chmod 700 "$f";; 2) rm -rf "$f"; mkdir "$f"; echo new >"$f/new";; 3) [ -f "$f" ] && echo more >>"$f";;
                esac || true
            done; mkdir -p fresh/dir; echo x >fresh/dir/file; ln fresh/dir/file fresh/link; find . -mindepth 1 -type s -delete
            cd ..; umount m; rm -rf m
            """)
        let compression: Compression = seed % 2 == 0 ? .gzip : .none
        let layers = [
            try scratch.build("base", to: "l1", LayerCoding(compression)),
            try scratch.build("upper", to: "l2", LayerCoding(compression)),
        ]
        try layout(scratch, layers, ["l1", "l2"])
        try scratch.shell("umoci unpack --image layout:tag bundle")
        try scratch.unpack("l1", to: "u1")
        try scratch.unpack("l2", to: "u2")
        try scratch.shell("mkdir m; mount -t overlay overlay -o lowerdir=u2:u1 m")
        let shown = try scratch.describe("m")
        #expect(shown.contains("fresh/link"))
        let different = try scratch.differences("bundle/rootfs", "m")
        #expect(different == "")
    }

    @Test("skopeo reads and copies our layout, to Docker's format too", arguments: [Compression.gzip, .zstd])
    func skopeo(compression: Compression) throws {
        let scratch = try Scratch()
        try scratch.generate("tree", seed: 51)
        let layer = try scratch.build("tree", to: "l", LayerCoding(compression))
        try layout(scratch, [layer], ["l"])
        let inspected = try scratch.shell("skopeo inspect oci:layout:tag")
        #expect(inspected.contains(layer.descriptor.digest.description))
        let config = try ImageConfig(
            parsing: Array(try scratch.shell("skopeo inspect --config --raw oci:layout:tag").utf8))
        #expect(config.diffIDs == [layer.diffID])
        if compression == .gzip {
            try scratch.shell("skopeo --insecure-policy copy -q oci:layout:tag docker-archive:docker.tar:name:tag")
            try scratch.shell("skopeo --insecure-policy copy -q oci:layout:tag dir:docker --format v2s2")
            let manifest = try ImageManifest(
                parsing: Array(try scratch.read("\(scratch.path)/docker/manifest.json").utf8))
            #expect(manifest.mediaType == .dockerManifest && manifest.layers[0].digest == layer.descriptor.digest)
        }
        try scratch.shell("skopeo --insecure-policy copy -q oci:layout:tag oci:again:tag")
        let index = try ImageIndex(parsing: Array(try scratch.read("\(scratch.path)/again/index.json").utf8))
        #expect(index.manifests.count == 1)
    }

    @Test("What umoci packs is what we unpack", .enabled(if: Scratch.isRoot, "needs root of the machine"))
    func umociPacks() throws {
        let scratch = try Scratch()
        try scratch.shell(
            "umoci init --layout layout; umoci new --image layout:tag; umoci unpack --image layout:tag bundle")
        try scratch.generate("tree", seed: 61)
        // umoci rounds times to the nearest second.
        try scratch.shell("find tree -depth -exec touch -hd @9 {} +")
        try scratch.shell("cp -a tree/. bundle/rootfs; umoci repack --image layout:tag bundle")
        let index = try ImageIndex(parsing: Array(try scratch.read("\(scratch.path)/layout/index.json").utf8))
        let blobs = "\(scratch.path)/layout/blobs/sha256"
        let manifest = try ImageManifest(
            parsing: Array(try scratch.read("\(blobs)/\(index.manifests[0].digest.hex)").utf8))
        let config = try ImageConfig(parsing: Array(try scratch.read("\(blobs)/\(manifest.config.digest.hex)").utf8))
        let unpacker = LayerUnpacker(digest: manifest.layers[0].digest, diffID: config.diffIDs[0])
        try scratch.unpack("layout/blobs/sha256/\(manifest.layers[0].digest.hex)", to: "out", unpacker)
        let different = try scratch.differences("out", "tree")
        #expect(different == "")
    }

    @Test(
        "Renamed directories and files without data are expanded",
        .enabled(if: Scratch.isRoot, "needs root of the machine"))
    func expanded() throws {
        let scratch = try Scratch()
        try scratch.shell(
            """
            mkdir -p base/y/in/most base/z/q base/w base/a/deep/er base/b base/c base/x mid/a/deep mid/b upper work m; echo 1 >base/y/file; echo 2 >base/y/in/most/core; echo 3 >base/z/q/p; echo 4 >base/file; echo one >base/a/f; echo two >base/a/deep/er/g; echo three >base/b/h
            seq 1 99999 >base/big; seq 5 >base/c/k; echo over >mid/a/f; mknod mid/a/deep/gone c 0 0; echo below >base/a/deep/gone; echo m >mid/b/m
            mount -t overlay overlay -o lowerdir=mid:base,upperdir=upper,workdir=work,redirect_dir=on,metacopy=on,index=off m
            mv m/a m/renamed; mv m/renamed/deep m/moved; chmod 600 m/big; mv m/big m/renamed/large; echo new >m/moved/new; rm m/moved/er/g
            mv m/c m/c2; mv m/c2 m/b/c3; chown 7 m/b/h; mkdir m/c; echo fresh >m/c/fresh; mv m/x m/b/x; ln m/b/h m/b/h2
            mkdir m/new; mv m/y m/new/y; mv m/z m/new/z; chmod 640 m/new/y/file; mv m/new/y/in m/new/y/in2; mv m/new/y/in2/most m/new/y/in2/most2
            chmod 600 m/new/y/in2/most2/core; mv m/file m/new/file; chmod 601 m/new/file; mv m/new/z/q m/q2; rmdir m/w; mv m/new/z m/w
            """)
        let merged = try scratch.describe("m")
        try scratch.shell("umount m")
        try scratch.build("upper", to: "layer", lowers: ["mid", "base"])
        try scratch.unpack("layer", to: "out")
        try scratch.shell("mount -t overlay overlay -o lowerdir=out:mid:base,redirect_dir=off,metacopy=off m")
        #expect(try scratch.describe("m") == merged)
        #expect(merged.contains("renamed/large"))
    }
}
