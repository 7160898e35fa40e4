import Dockerfile
import Linux
import OCI
import Testing

@testable import Build

@Suite struct ContextRules {
    private func read(_ shop: Workshop, _ file: String) throws -> BuildContext {
        try BuildContext.read(try shop.open(file), named: bytes(file), into: try shop.scratch())
    }

    @Test func theDockerfilesOwnRulesComeBeforeTheContexts() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; echo 'FROM a' >Dockerfile; mkdir x; echo 'FROM b' >x/Other; echo '*.log' >.dockerignore; echo '*.txt' >x/Other.dockerignore"
        )
        let context = try BuildContext.directory(bytes("\(shop.path)/context"))
        let usual = try DockerfileChoice.inside(context)
        #expect(usual.name == "Dockerfile" && usual.bytes == bytes("FROM a\n"))
        #expect(usual.ignore?.ignores(bytes("a.log")) == true)
        let other = try DockerfileChoice.inside(context, path: bytes("x/Other"))
        #expect(other.ignore?.ignores(bytes("a.log")) == false && other.ignore?.ignores(bytes("a.txt")) == true)
        let outside = try DockerfileChoice.outside(bytes("\(shop.path)/context/x/Other"), for: context)
        #expect(outside.ignore?.ignores(bytes("a.txt")) == true)
        #expect(try DockerfileChoice.text(bytes("FROM c"), for: context).ignore?.ignores(bytes("a.log")) == true)
        try shop.shell("cd context; rm Dockerfile; echo 'FROM small' >dockerfile; echo '[' >.dockerignore")
        #expect(shop.mistake { _ = try DockerfileChoice.inside(context) }?.hasPrefix(".dockerignore:1: ") == true)
        try shop.shell("cd context; rm .dockerignore; ln -s /etc/passwd Escape")
        #expect(try DockerfileChoice.inside(context).bytes == bytes("FROM small\n"))
        #expect(
            shop.mistake { _ = try DockerfileChoice.inside(context, path: bytes("Escape")) }
                == "read Dockerfile Escape: No such file or directory")
    }

    @Test func archivesOfEveryCompressionAreContexts() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; mkdir d; echo hello >d/f; chmod 640 d/f; chown 9:9 d/f || true; echo 'FROM x' >Dockerfile")
        for (name, flag) in [("plain", ""), ("gzip", "z"), ("bzip2", "j"), ("xz", "J"), ("zstd", "-zstd")] {
            try shop.shell(
                "tar -C context \(flag.isEmpty ? "-c" : flag == "-zstd" ? "--zstd -c" : "-c\(flag)") -f \(name) .")
            let context = try read(shop, name)
            #expect(context.dockerfile == nil)
            #expect(try context.tree.contents(of: bytes("d/f"), atMost: 100) == bytes("hello\n"))
            #expect(try DockerfileChoice.inside(context).bytes == bytes("FROM x\n"))
        }
        #expect(try shop.shell("ls scratch") == "")
    }

    @Test func whatIsNoArchiveIsADockerfile() throws {
        let shop = try Workshop()
        try shop.shell("echo 'FROM scratch' >text; true >empty; head -c 700 /dev/zero >zeros")
        #expect(try read(shop, "text").dockerfile == bytes("FROM scratch\n"))
        #expect(try DockerfileChoice.inside(try read(shop, "text")).bytes == bytes("FROM scratch\n"))
        #expect(shop.mistake { _ = try read(shop, "empty") } == "read build context empty: it is empty")
    }

    @Test func aPipeIsReadOnce() throws {
        let shop = try Workshop()
        try shop.shell(
            "echo x >context/f; tar -C context -czf a.tgz f; mkfifo p q; (cat a.tgz >p) & (echo 'FROM a' >q) & true")
        #expect(try read(shop, "p").tree.contents(of: bytes("f"), atMost: 9) == bytes("x\n"))
        #expect(try read(shop, "q").dockerfile == bytes("FROM a\n"))
    }

    @Test func anAddressCanBeAContext() async throws {
        let shop = try Workshop()
        try shop.shell("mkdir www; cd context; echo y >g; echo g >.dockerignore; tar -cf ../www/c.tar .")
        let server = try Server.web(shop)
        let address = try #require(Address("http://127.0.0.1:\(server.port)/c.tar"))
        let context = try await BuildContext.address(
            address, with: HTTPClient(trust: Trust(.process)), download: shop.scratch(), into: shop.scratch())
        #expect(try context.tree.contents(of: bytes("g"), atMost: 9) == bytes("y\n"))
        #expect(try DockerfileChoice.rules(of: context)?.ignores(bytes("g")) == true)
        _ = consume server
    }

    /// Whatever is damaged, it ends with an error or a tree, and nothing is written elsewhere.
    @Test func damagedArchivesAreNoTrouble() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; mkdir d; seq 1000 >d/f; ln -s d/f l; ln d/f h; tar -cf ../a.tar .; tar -czf ../a.tgz .")
        var state: UInt64 = 42
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let place = try shop.open(".")
        var outcomes: Set<Bool> = []
        for name in ["a.tar", "a.tgz"] {
            let whole = try FD.workingDirectory.contents(of: "\(shop.path)/\(name)", atMost: 1 << 20)
            for _ in 0..<150 {
                var damaged = whole
                for _ in 0...random(4) { damaged[random(min(damaged.count, 4096))] = UInt8(random(256)) }
                if random(3) == 0 { damaged.removeLast(random(damaged.count - 600)) }
                try place.descriptor.fd.replace("damaged", with: damaged, mode: 0o600)
                outcomes.insert((try? read(shop, "damaged")) != nil)
            }
        }
        #expect(outcomes == [true, false])
        #expect(try shop.shell("ls; ls -A scratch") == "a.tar\na.tgz\ncontext\ndamaged\nroot\nscratch\n")
    }

    @Test func hostileArchivesAreRefusedAndLeaveNothing() throws {
        let shop = try Workshop()
        try shop.shell(
            #"""
            mkdir outside; echo keep >outside/keep
            python3 - <<'EOF'
            import tarfile, io
            def entry(tar, name, data=b"x", **fields):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                for key, value in fields.items(): setattr(info, key, value)
                tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
            def archive(name):
                return tarfile.open(name, "w")
            with archive("up") as t: entry(t, "../outside/evil")
            with archive("deep") as t: entry(t, "a/../../outside/evil")
            with archive("absolute") as t: entry(t, "/outside/evil")
            with archive("device") as t: entry(t, "dev", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
            with archive("link") as t:
                entry(t, "l", b"", type=tarfile.SYMTYPE, linkname="../../outside")
                entry(t, "l/evil")
            with archive("hard") as t:
                entry(t, "l", b"", type=tarfile.SYMTYPE, linkname="../../outside/keep")
                entry(t, "h", b"", type=tarfile.LNKTYPE, linkname="l")
            EOF
            """#)
        for name in ["up", "deep", "absolute", "device"] {
            #expect(shop.mistake { _ = try read(shop, name) }?.hasPrefix("unpack \(name): ") == true, "\(name)")
        }
        // Links lead within the context.
        let linked = try read(shop, "link")
        #expect(try linked.tree.contents(of: bytes("outside/evil"), atMost: 9) == bytes("x"))
        #expect(try read(shop, "hard").tree.contents(of: bytes("h"), atMost: 9) == nil)
        _ = consume linked
        #expect(try shop.shell("ls outside; ls scratch") == "keep\n")
    }

    @Test func whatTheArgumentMeans() throws {
        let shop = try Workshop()
        try shop.shell("true >file; mkfifo pipe; mkdir -p github.com/a/b")
        #expect(try ContextSource(bytes("-")) == .standardInput)
        #expect(try ContextSource(bytes("\(shop.path)/context")) == .directory(bytes("\(shop.path)/context")))
        #expect(try ContextSource(bytes("\(shop.path)/file")) == .archive(bytes("\(shop.path)/file")))
        #expect(shop.mistake { _ = try ContextSource(bytes("\(shop.path)/pipe")) }?.contains("neither") == true)
        #expect(
            shop.mistake { _ = try ContextSource(bytes("/none")) }
                == "open build context /none: No such file or directory")
        guard case .git(let git) = try ContextSource(bytes("github.com/moby/buildkit.git#v1:docs")) else {
            Issue.record("no repository")
            return
        }
        #expect(git.remote == "https://github.com/moby/buildkit.git" && git.ref == "v1" && git.subdirectory == "docs")
        guard case .address = try ContextSource(bytes("https://example.org/x.tar")) else {
            Issue.record("no address")
            return
        }
    }

    @Test func gitReferencesAreReadInBothForms() throws {
        func reference(_ text: String) throws -> GitReference? { try GitReference(bytes(text)) }
        #expect(try reference("https://example.org/x.tar") == nil)
        #expect(try reference("./x.git") == nil)
        #expect(try reference("path/to@x:y/z") == nil)
        #expect(try reference("git@example.org:a/b.git#main")?.ref == "main")
        #expect(try reference("ssh://git@example.org/a#:dir")?.subdirectory == "dir")
        let query = try reference(
            "https://example.org/a.git?branch=b%2Fc&subdir=d&commit=abcd&submodules=0&keep-git-dir")
        #expect(query?.remote == "https://example.org/a.git" && query?.ref == "refs/heads/b/c")
        #expect(query?.subdirectory == "d" && query?.checksum == "abcd" && query?.hasSubmodules == false)
        #expect(query?.keepsGitDirectory == true)
        for wrong in ["?x=1", "?tag=a&branch=b", "?ref=a#b", "?ref=", "?ref=a&ref=b", "#-x", "?submodules=maybe"] {
            #expect(throws: BuildError.self) { try reference("https://example.org/a.git\(wrong)") }
        }
    }
}
