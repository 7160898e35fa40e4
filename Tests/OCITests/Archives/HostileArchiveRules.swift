import Linux
import OCI
import Testing

/// Archives that python makes, old and hostile ones.
@Suite struct HostileArchiveRules {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Runs python with `add(name, bytes)`, `link(name, target, kind)` and two layers of an image at hand.
    private func archive(_ script: String) throws -> String {
        let path = "\(directory.path)/a.tar"
        let program = """
            import hashlib, io, json, tarfile
            archive = tarfile.open("\(path)", "w", format=tarfile.PAX_FORMAT)
            def add(name, data, **more):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                for key, value in more.items(): setattr(info, key, value)
                archive.addfile(info, io.BytesIO(data))
            def link(name, target, kind=tarfile.SYMTYPE):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, target
                archive.addfile(info)
            def hex(data): return hashlib.sha256(data).hexdigest()
            def tar(name):
                memory = io.BytesIO()
                inner = tarfile.open(fileobj=memory, mode="w")
                inner.addfile(tarfile.TarInfo(name))
                inner.close()
                return memory.getvalue()
            layers = [tar("a"), tar("b")]
            def config(layers):
                return json.dumps({"os": "linux", "architecture": "amd64",
                    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hex(l) for l in layers]}}).encode()
            def manifest(name, files, tags=["old:1"]):
                add("manifest.json", json.dumps([{"Config": name, "RepoTags": tags, "Layers": files}]).encode())
            \(script.split(separator: "\n").joined(separator: "\n"))
            archive.close()
            """
        let file = try directory.write("make.py", program)
        try Programs.run("python3", file)
        return path
    }

    private func load(_ script: String) throws -> [ArchivedImage] {
        let file = try FD.workingDirectory.open(try archive(script), .readOnly)
        let blobs = try BlobDirectory(making: Array("\(directory.path)/blobs".utf8))
        return try ImageArchive.load(file.fd, into: blobs, for: try Platform("linux/amd64"))
    }

    private func refusal(_ script: String) throws -> String {
        do {
            _ = try load(script)
            Issue.record("nothing was thrown")
            return ""
        } catch let error as ArchiveError {
            #expect(!error.description.contains("\n"))
            return error.description
        }
    }

    @Test("the archives of Docker before version 25: layers first, equal ones by link, the manifest last")
    func old() throws {
        let images = try load(
            """
            c = config([layers[0], layers[1], layers[0]])
            for name, data in ("1", layers[0]), ("2", layers[1]):
                add(f"{name}/VERSION", b"1.0"); add(f"{name}/json", b"{}"); add(f"{name}/layer.tar", data)
            add("3/VERSION", b"1.0"); add("3/json", b"{}"); link("3/layer.tar", "../1/layer.tar")
            add(hex(c) + ".json", c)
            manifest(hex(c) + ".json", ["1/layer.tar", "2/layer.tar", "3/layer.tar"], ["old:1", "localhost:5000/old:2"])
            add("repositories", b"{}")
            """)
        #expect(images.map(\.names) == [[try Reference("old:1"), try Reference("localhost:5000/old:2")]])
    }

    @Test("an archive that has nothing to say is refused by what is missing")
    func missing() throws {
        #expect(try refusal("add('x', b'y')").hasPrefix("read archive: neither manifest.json nor index.json"))
        #expect(try refusal("manifest('c.json', [])") == "read c.json: manifest.json names it, but it is missing")
        #expect(
            try refusal("c = config(layers); add('c.json', c); add('1', layers[0]); manifest('c.json', ['1', '2'])")
                == "read 2: manifest.json names it, but it is missing")
        #expect(try refusal("add('index.json', b'{}')").contains("oci-layout"))
        #expect(try refusal("add('manifest.json', b'[')").contains("manifest.json"))
        #expect(try refusal("add('manifest.json', b'{}')").contains("manifest.json"))
    }

    @Test("content that is not what its name or the configuration says is refused")
    func lies() throws {
        #expect(try refusal("add('blobs/sha256/' + '0' * 64, b'x')").contains("wrong content"))
        #expect(
            try refusal("c = config(layers); add('0' * 64 + '.json', c); manifest('0' * 64 + '.json', [])").contains(
                "wrong content"))
        #expect(
            try refusal("c = config(layers); add('c.json', c); add('1', layers[1]); manifest('c.json', ['1', '1'])")
                .contains(
                    "wrong content"))
        #expect(
            try refusal("c = config(layers); add('c.json', c); add('1', layers[0]); manifest('c.json', ['1'])")
                .contains(
                    "it has 2 layers where manifest.json names 1"))
    }

    @Test(
        "names that climb, come twice or are no files, and links that lead out, are refused",
        arguments: [
            "add('../x', b'')", "add('/etc/x', b'')", "add('x', b''); add('x', b'')", "link('x', '/etc/passwd')",
            "link('a/x', '../../etc/passwd')", "link('x', 'y', tarfile.CHRTYPE)", "link('x', 'y', tarfile.FIFOTYPE)",
            "add('manifest.json', b' ' * (5 << 20))", "link('manifest.json', 'manifest.json'); manifest('c', [])",
            "add('a', b''); add('./a', b'')",
        ])
    func hostileNames(script: String) throws {
        #expect(try !refusal(script).isEmpty)
    }

    @Test("links in a circle end")
    func circle() throws {
        #expect(
            try refusal("link('a', 'b'); link('b', 'a'); manifest('a', [])")
                == "read a: manifest.json names it, but it is missing")
    }

    @Test("a file with holes is refused: it costs nothing to make and a disk to keep")
    func sparse() throws {
        // GNU's old sparse format, 1 TiB of nothing.
        let path = "\(directory.path)/sparse.tar"
        try Programs.run("truncate", "-s", "1T", "\(directory.path)/big")
        try Programs.run("tar", "-C", directory.path, "--sparse", "-cf", path, "big")
        let file = try FD.workingDirectory.open(path, .readOnly)
        let blobs = try BlobDirectory(making: Array("\(directory.path)/blobs".utf8))
        #expect(throws: ArchiveError.self) { try ImageArchive.load(file.fd, into: blobs) }
    }

    @Test("an archive that is cut anywhere is refused or whole, and its blobs are true")
    func cut() throws {
        let path = try archive(
            "c = config(layers); add('1', layers[0]); add('2', layers[1]); add('c.json', c); manifest('c.json', ['1', '2'])"
        )
        let bytes = try FD.workingDirectory.contents(of: path, atMost: 1 << 20)
        let blobs = try BlobDirectory(making: Array("\(directory.path)/blobs".utf8))
        let platform = try Platform("linux/amd64")
        for length in stride(from: 0, to: bytes.count, by: 700) {
            let cut = try directory.write("cut.tar", Array(bytes[..<length]))
            let file = try FD.workingDirectory.open(cut, .readOnly)
            if let images = try? ImageArchive.load(file.fd, into: blobs, for: platform) { #expect(images.count == 1) }
        }
        let kept = try Programs.run(
            "sh", "-c",
            "cd \(directory.path)/blobs/blobs/sha256 && for f in *; do echo \"$f  $f\"; done | sha256sum -c --quiet")
        #expect(kept.isEmpty)
    }
}
