import Dockerfile
import Linux
import OCI
import Testing

@testable import Build

@Suite struct AddRules {
    @Test(.asRoot) func localArchivesAreUnpackedWhateverTheirName() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            mkdir -p t/d t/usr/lib; echo x >t/d/f; ln t/d/f t/d/g; ln -s f t/d/l; chown 3:4 t/d/f; chmod 4755 t/d/f; chmod 750 t/d
            touch -d @1000 t/d/f t/d; mkfifo t/p; setfattr -n user.a -v b t/d/f
            tar --xattrs -C t -cf context/plain .; tar -C t -czf context/gz.txt .; tar -C t -cjf context/bz .
            tar -C t -cJf context/xz .; tar -C t --zstd -cf context/zst .; tar -C t -czf context/kept.tar.gz .
            gzip -c t/d/f >context/text.gz; true >context/empty.tar
            """)
        try shop.copy("ADD plain gz.txt bz xz zst /one")
        #expect(
            try shop.list("root", "%y %m %P %U:%G %T@ %n\\n").filter { $0.contains("one/d") && $0.hasPrefix("f") } == [
                "f 4755 one/d/f 3:4 1000.0000000000 2", "f 4755 one/d/g 3:4 1000.0000000000 2",
            ])
        #expect(try shop.list().contains("d 750 one/d") && shop.list().contains("p 644 one/p"))
        try shop.copy("ADD plain /two")
        #expect(try shop.shell("getfattr --only-values -n user.a root/two/d/f") == "b")
        try shop.copy("ADD --chown=7:8 gz.txt /three/")
        #expect(try shop.shell("stat -c %u:%g root/three/d/f root/three root/three/d/l") == "7:8\n7:8\n7:8\n")
        try shop.copy("ADD --unpack=false kept.tar.gz /four/")
        try shop.copy("ADD text.gz empty.tar /five/")
        try shop.copy("COPY plain /six/")
        #expect(
            try shop.shell("cmp root/four/kept.tar.gz context/kept.tar.gz; cd root; ls five six; ls four")
                == "five:\nempty.tar\ntext.gz\n\nsix:\nplain\nkept.tar.gz\n")
    }

    @Test func anArchiveFollowsTheLinksOfItsDestinationWithin() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            mkdir -p t/lib outside root/r/usr/lib; echo x >t/lib/x; tar -C t -cf context/a.tar lib/x
            ln -s /usr/lib root/r/lib; echo old >root/r/usr/lib/x
            """)
        try shop.copy("ADD a.tar /r/")
        #expect(try shop.shell("cat root/r/usr/lib/x; readlink root/r/lib") == "x\n/usr/lib\n")
        try shop.shell("ln -s \(shop.path)/outside root/out; mkdir -p t/l; tar -C t -cf context/b.tar lib/x l")
        try shop.shell("rm -rf t2; mkdir t2; ln -s ../../../outside t2/l; tar -C t2 -rf context/b.tar l")
        try shop.copy("ADD b.tar /out/")
        #expect(try shop.shell("ls outside; readlink root\(shop.path)/outside/l") == "../../../outside\n")
    }

    @Test func sourcesFromElsewhereAreForAddAlone() throws {
        func sources(_ instruction: String) throws -> [AddSource] {
            let parsed = try Parsed(instruction)
            return try AddSource.sources(of: parsed.copying, isAdd: parsed.isAdd, at: parsed.location)
        }
        #expect(try sources("ADD a github.com/a/b /x/") == [.local(bytes("a")), .local(bytes("github.com/a/b"))])
        #expect(throws: BuildError.self) { try sources("COPY https://example.org/a /x") }
        #expect(throws: BuildError.self) { try sources("COPY git@example.org:a.git /x") }
        #expect(throws: BuildError.self) { try sources("ADD --checksum=sha256:00 a /x") }
        #expect(throws: BuildError.self) { try sources("ADD https://user:secret@example.org/a /x") }
        #expect(try sources("ADD https://example.org/a.git /x").count == 1)
    }

    @Test func filesFromAddresses() async throws {
        let shop = try Workshop()
        try shop.shell("mkdir -p www/dir; echo content >'www/dir/a b.txt'; touch -d @1000000000 'www/dir/a b.txt'")
        let server = try Server.web(shop)
        let client = try HTTPClient(trust: Trust(.process))
        let address = try #require(Address("http://127.0.0.1:\(server.port)/dir/a%20b.txt?x=/y"))
        let file = try await RemoteFile.fetch(address, with: client, into: try shop.scratch())
        #expect(file.name == bytes("a b.txt"))
        let content = try Digest(of: bytes("content\n"))
        #expect(file.digest == content)
        let location = try Parsed("ADD a /b").location
        let selection = try file.select(unpacks: false, digests: FileDigests(nil), at: location)
        let root = try shop.open("root")
        try Copier(root: root.descriptor.fd).copy(selection, to: Destination(bytes("/d/")))
        #expect(
            try shop.list("root", "%y %m %P|%T@\\n").filter { $0.hasPrefix("f") }
                == ["f 600 d/a b.txt|1000000000.0000000000"])
        let wrong = try Digest(of: bytes("else"))
        await #expect(throws: BuildError.self) {
            try await RemoteFile.fetch(address, checksum: wrong, with: client, into: try shop.scratch())
        }
        let missing = try #require(Address("http://127.0.0.1:\(server.port)/none"))
        do {
            _ = try await RemoteFile.fetch(missing, with: client, into: try shop.scratch())
        } catch {
            #expect("\(error)" == "add \(missing): invalid response status 404")
        }
        _ = consume server
        #expect(RemoteFile.name(of: try #require(Address("http://a/"))) == bytes("__unnamed__"))
        #expect(RemoteFile.name(of: try #require(Address("http://a/x/%2e%2e%2fy%2Fz"))) == bytes("z"))
    }

    @Test func datesOfHTTP() {
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Thu, 29 Feb 2024 23:59:60 GMT") == 1_709_251_200)
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT") == nil)
        #expect(HTTPDate.seconds("") == nil)
    }

    @Test func repositories() async throws {
        let shop = try Workshop()
        let commits = try shop.shell(
            """
            export GIT_AUTHOR_DATE='@1000000000 +0000' GIT_COMMITTER_DATE='@1000000000 +0000'
            export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
            mkdir -p git/repo.git && cd git/repo.git && git init -q -b main && mkdir sub && echo one >sub/f && echo x >run
            chmod 775 run && git add . && git commit -qm one && git rev-parse HEAD && git tag -a v1 -m v1
            echo two >sub/f && git commit -qam two && git rev-parse HEAD && git checkout -q -b side && git tag side v1 && touch .git/git-daemon-export-ok
            """
        ).split(separator: "\n").map(String.init)
        let server = try Server.git(shop)
        let address = "git://127.0.0.1:\(server.port)/repo.git"

        func fetch(_ text: String, keeps: Bool = false) async throws -> GitCheckout {
            let reference = try #require(try GitReference(bytes(text)))
            return try await GitCheckout.fetch(reference, keepsGitDirectory: keeps, into: try shop.scratch())
        }
        let head = try await fetch(address)
        #expect(head.commit == commits[1])
        let root = try shop.open("root")
        let location = try Parsed("ADD a /b").location
        let all = try Selecting(from: head.tree, digests: FileDigests(nil), at: location).selectAll()
        try Copier(root: root.descriptor.fd).copy(all, to: Destination(bytes("/g")))
        #expect(
            try shop.list("root", "%y %m %P\\n") == ["d 755 g", "f 755 g/run", "d 755 g/sub", "f 644 g/sub/f"])
        #expect(try shop.shell("stat -c %Y root/g/run root/g/sub; cat root/g/sub/f") == "1000000000\n1000000000\ntwo\n")

        for text in ["#v1:sub", "#\(commits[0]):sub", "?tag=v1&subdir=sub", "#refs/tags/v1:sub"] {
            let old = try await fetch(address + text)
            #expect(old.commit == commits[0])
            #expect(try old.tree.contents(of: bytes("f"), atMost: 10) == bytes("one\n"))
        }
        let kept = try await fetch(address + "#side", keeps: true)
        #expect(kept.commit == commits[1])
        #expect(try kept.tree.contents(of: bytes(".git/HEAD"), atMost: 100) != nil)
        _ = try await fetch(address + "?commit=\(commits[1].prefix(8))")
        for (text, cause) in [
            ("#none", "it has no none"), ("?commit=\(commits[0])", "expected checksum to match"),
            ("#v1:none", "No such file"), ("#v1:../..", ""),
        ] {
            do {
                let checkout = try await fetch(address + text)
                let run = try checkout.tree.contents(of: bytes("run"), atMost: 10)
                #expect(text == "#v1:../.." && run != nil)
            } catch {
                #expect("\(error)".contains(cause))
            }
        }
        _ = consume server
        _ = consume head
    }
}
