import Testing

/// Caches that are not what they say: a warning, and a build as if they were not there.
@Suite(.enabled(if: Workshop.canRun, "needs root of the machine"))
struct HostileRules {
    /// Changes to a cache directory, as Python with `index`, `manifest` and `document` read, and `put(bytes)` that writes a blob.
    static let damages: [String: String] = [
        "no index": "os.remove('cache/index.json')",
        "half an index": "open('cache/index.json', 'w').write(json.dumps(index)[:40])",
        "no marker": "os.remove('cache/oci-layout')",
        "an index that is a directory": "os.remove('cache/index.json'); os.mkdir('cache/index.json')",
        "no manifest": "os.remove(blob(index['manifests'][0]['digest']))",
        "another manifest": "open(blob(index['manifests'][0]['digest']), 'a').write(' ')",
        "another document": "open(blob(manifest['config']['digest']), 'a').write(' ')",
        "a document of nothing": "publish([])",
        "a document of other things": "publish({'a': 1})",
        "a document without layers": "[e.pop('blob') for e in entries]; publish(entries)",
        "blobs that are no layers": "[e['blob'].update(mediaType='text/plain') for e in entries]; publish(entries)",
        "digests that are paths":
            "[e['blob'].update(digest='sha256:../../../../etc/passwd') for e in entries]; publish(entries)",
        "times that are none": "[e.update(created='yesterday') for e in entries]; publish(entries)",
        "deep nesting": "publish('[' * 100000, raw=True)",
        "sizes that are wrong": "[e['blob'].update(size=e['blob']['size'] + 1) for e in entries]; publish(entries)",
        "sizes without end": "[e['blob'].update(size=2**63 - 1) for e in entries]; publish(entries)",
        "layers of other steps":
            "b = [e['blob'] for e in entries]; [e.update(blob=b[i - 1]) for i, e in enumerate(entries)]; publish(entries)",
        "layers that are gone": "[os.remove(blob(e['blob']['digest'])) for e in unique]",
        "layers that are damaged": "[flip(blob(e['blob']['digest'])) for e in unique]",
        "layers that are links to others":
            "[(os.remove(p), os.symlink('/etc/passwd', p)) for p in [blob(e['blob']['digest']) for e in unique]]",
        "layers that are no tar":
            "[e['blob'].update(put(b'no tar' * 100)) for e in entries]; publish(entries)",
    ]

    private static let prologue = """
        import hashlib, json, os
        def blob(digest): return 'cache/blobs/sha256/' + digest[7:]
        def read(digest): return json.load(open(blob(digest)))
        index = json.load(open('cache/index.json'))
        manifest = read(index['manifests'][0]['digest'])
        entries = read(manifest['config']['digest'])['entries']
        unique = list({e['blob']['digest']: e for e in entries}.values())
        def put(data):
            digest = 'sha256:' + hashlib.sha256(data).hexdigest()
            open(blob(digest), 'wb').write(data)
            return {'digest': digest, 'size': len(data)}
        def publish(value, raw=False):
            manifest['config'].update(put((value if raw else json.dumps({'entries': value} if isinstance(value, list) else value)).encode()))
            index['manifests'][0].update(put(json.dumps(manifest).encode()))
            json.dump(index, open('cache/index.json', 'w'))
        def flip(path):
            data = bytearray(open(path, 'rb').read()); data[len(data) // 2] ^= 1
            open(path, 'wb').write(data)

        """

    @Test("a damaged or hostile directory is a warning, and the build is right", arguments: damages.keys.sorted())
    func damaged(kind: String) throws {
        let shop = try Workshop()
        // With one time for all, the same steps done again give the same image.
        let first = try shop.build("a", "--timestamp 1000 --cache-to type=local,dest=cache")
        #expect(first.status == 0, "\(first.log)")
        let script = Self.prologue + (Self.damages[kind] ?? "raise SystemExit(1)")
        try shop.shell("cat >damage.py <<'P'\n\(script)\nP\npython3 damage.py")
        let second = try shop.build("b", "--timestamp 1000 --cache-from type=local,src=cache")
        #expect(second.status == 0, "\(second.log)")
        #expect(second.id == first.id)
        // An empty cache is no mistake.
        let isSilent = kind == "a document of nothing"
        #expect(second.warnings.isEmpty == isSilent, "\(second.log)")
        #expect(second.warnings.allSatisfy { $0.hasPrefix("--cache-from cache: ") })
        // What was done is recorded, what was refused is not: the next build needs neither.
        let third = try shop.build("b", "--timestamp 1000")
        #expect(third.missed == [:])
        #expect(third.id == first.id)
        // An export to the same place makes it whole.
        if !["no marker", "an index that is a directory"].contains(kind) {
            let repaired = try shop.build("b", "--timestamp 1000 --cache-to type=local,dest=cache")
            #expect(repaired.status == 0, "\(repaired.log)")
            let fourth = try shop.build("c", "--timestamp 1000 --cache-from type=local,src=cache")
            #expect(fourth.missed == [:], "\(fourth.log)")
            #expect(fourth.warnings == [])
        }
    }

    @Test("a blob that is not the layer it is promised for is refused where the layer is here already")
    func promised() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "--timestamp 1000 --cache-to type=local,dest=cache")
        // In a store with the layers and without the steps: their own blobs are taken, whatever is offered.
        try shop.build("b", "--timestamp 1000 -t kept")
        try shop.shell("sqlite3 b/state.db 'DELETE FROM buildCache'")
        let swap =
            "b = [e['blob'] for e in entries]; [e.update(blob=b[i - 1]) for i, e in enumerate(entries)]; publish(entries)"
        try shop.shell("cat >damage.py <<'P'\n\(Self.prologue + swap)\nP\npython3 damage.py")
        let second = try shop.build("b", "--timestamp 1000 --cache-from type=local,src=cache -t again")
        #expect(second.id == first.id)
        let count = "import json; print(len({m['digest'] for m in json.load(open('b/index.json'))['manifests']}))"
        #expect(try shop.shell("shale b rmi busybox >/dev/null; python3 -c \"\(count)\"") == "1\n")
        // With neither blobs nor a word of them, the layer alone: its tar is compared.
        try shop.shell("sqlite3 b/state.db 'DELETE FROM buildCache; DELETE FROM layerBlob'")
        try shop.shell("shale b load -i '\(try Workshop.base())' >/dev/null")
        let third = try shop.build("b", "--timestamp 1000 --cache-from type=local,src=cache")
        #expect(third.id == first.id)
        #expect(!third.warnings.isEmpty)
        #expect(third.warnings.allSatisfy { $0.contains(": it is layer sha256:") }, "\(third.log)")
    }

    @Test("sources that cannot be reached are a warning")
    func unreachable() throws {
        let shop = try Workshop()
        let build = try shop.build(
            "a",
            "--cache-from localhost:1/nobody/there --cache-from type=local,src=nowhere --cache-to type=local,dest=out")
        #expect(build.status == 0, "\(build.log)")
        #expect(build.warnings.count == 2)
        #expect(build.missed.count == 7)
    }

    @Test("a destination that is somebody's directory, or cannot be reached, fails after the build, or is a warning")
    func destinations() throws {
        let shop = try Workshop()
        try shop.shell("mkdir mine; echo precious >mine/file")
        let first = try shop.build("a", "--cache-to type=local,dest=mine")
        #expect(first.status == 125)
        #expect(first.log.contains("--cache-to type=local,dest=mine: write build cache mine: it is not empty"))
        #expect(try shop.shell("find mine | sort") == "mine\nmine/file\n")
        let second = try shop.build("a", "--cache-to type=registry,ref=localhost:1/a/b,ignore-error=true")
        #expect(second.status == 0)
        #expect(second.warnings.count == 1)
        // An image layout of somebody keeps what it has.
        try shop.shell("skopeo --insecure-policy copy -q docker-archive:'\(try Workshop.base())' oci:mixed:theirs")
        let third = try shop.build("a", "--cache-to type=local,dest=mixed --cache-to type=local,dest=mixed")
        #expect(third.status == 0, "\(third.log)")
        try shop.shell("skopeo --insecure-policy copy -q oci:mixed:theirs oci:copy:theirs")
        let fourth = try shop.build("b", "--cache-from type=local,src=mixed")
        #expect(fourth.missed == [:], "\(fourth.log)")
    }

    @Test(
        "options that are not understood are refused before anything is done",
        arguments: [
            "--cache-to type=gha", "--cache-to type=local", "--cache-to type=local,dest=", "--cache-to dest=x",
            "--cache-to type=local,dest=x,mode=most", "--cache-to type=local,dest=x,mounts=some",
            "--cache-to type=inline,mode=max", "--cache-to type=registry,ref=a//b", "--cache-from type=inline",
            "--cache-from type=local,dest=x", "--cache-from type=registry", "--cache-from 'a b'",
            "--cache-to type=registry,ref=localhost:1/a@sha256:\(String(repeating: "0", count: 64))",
        ])
    func options(text: String) throws {
        let shop = try Workshop()
        let build = try shop.build("a", text)
        #expect(build.status == 2, "\(build.log)")
        #expect(build.log.hasPrefix("shale: --cache-"))
        #expect(build.log.split(separator: "\n").count == 1)
        #expect(build.missed == [:])
    }

    @Test("a kill while a directory is written leaves the old cache or the new one")
    func kills() throws {
        let shop = try Workshop()
        let first = try shop.build("a", "--cache-to type=local,dest=cache")
        try shop.shell("echo changed >context/main; head -c 20000000 /dev/urandom >context/data/noise")
        let next = try shop.build("a", "")
        for attempt in 0..<8 {
            try shop.shell("rm -rf try; cp -a cache try")
            let delay = "0.\(100 + attempt * 40)"
            _ = try shop.run(
                "timeout -s KILL \(delay) '\(Workshop.shale)' build --root a --cache-to type=local,dest=try context")
            let names = "import json; print(json.load(open('try/index.json'))['manifests'][0]['digest'])"
            try shop.shell(
                """
                python3 -c "\(names)" >name
                for blob in try/blobs/sha256/[0-9a-f]*; do [ "$(sha256sum <$blob)" = "${blob##*/}  -" ]; done
                """)
            let isOld = try shop.run("grep -q $(cat name) cache/index.json").status == 0
            let store = "s\(attempt)"
            let build = try shop.build(store, "--cache-from type=local,src=try")
            #expect(build.warnings == [], "\(build.log)")
            #expect(build.missed.isEmpty == !isOld, "\(build.log)")
            if !isOld { #expect(build.id == next.id) }
            try shop.shell("rm -rf \(store)")
        }
        #expect(first.id != next.id)
    }
}
