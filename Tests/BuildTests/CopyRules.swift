import Linux
import OCI
import Testing

@testable import Build

/// What COPY and ADD select and where it goes: BuildKit's rules.
@Suite struct CopyRules {
    @Test func filesGoToANameOrIntoADirectory() throws {
        let shop = try Workshop()
        try shop.shell("echo a >context/a; echo b >context/b; chmod 4751 context/b; mkdir -m 700 root/there")
        try shop.copy("COPY a /new/name")
        try shop.copy("COPY a b /dir/")
        try shop.copy("COPY a there", workdir: "/")
        try shop.copy("COPY a .", workdir: "/w")
        try shop.copy("COPY b ../up", workdir: "/w")
        #expect(
            try shop.list() == [
                "d 755 dir", "f 644 dir/a", "f 4751 dir/b", "d 755 new", "f 644 new/name", "d 700 there",
                "f 644 there/a", "f 4751 up", "d 755 w", "f 644 w/a",
            ])
    }

    @Test func directoriesGiveTheirContents() throws {
        let shop = try Workshop()
        try shop.shell(
            "mkdir -m 711 context/d; mkdir -m 750 context/d/sub; echo x >context/d/sub/x; ln -s sub/x context/d/link")
        try shop.shell(
            "mkdir -m 700 root/old; mkdir -m 700 root/old/sub; echo y >root/old/link; echo z >root/old/sub/z")
        try shop.copy("COPY d /new")
        try shop.copy("COPY d /old")
        // The top of the source lends its mode to nothing; directories below it do, to those that were there too.
        #expect(
            try shop.list() == [
                "d 755 new", "l 777 new/link sub/x", "d 750 new/sub", "f 644 new/sub/x", "d 700 old",
                "l 777 old/link sub/x", "d 750 old/sub", "f 644 old/sub/x", "f 644 old/sub/z",
            ])
    }

    @Test func patternsMatchWithinADirectory() throws {
        let shop = try Workshop()
        try shop.shell("cd context; mkdir -p a/x b/x; touch a/x/1.c a/x/2.h b/x/3.c top.c '[x].c'")
        try shop.copy("COPY */x/*.c /c/")
        try shop.copy("COPY [a-z]*.c [[]x].c /top/")
        try shop.copy("COPY *.none /nothing/")
        try shop.copy("COPY a* /merged")
        #expect(
            try shop.list() == [
                "d 755 c", "f 644 c/1.c", "f 644 c/3.c", "d 755 merged", "d 755 merged/x", "f 644 merged/x/1.c",
                "f 644 merged/x/2.h", "d 755 top", "f 644 top/[x].c", "f 644 top/top.c",
            ])
    }

    @Test func linksInTheSourceAreFollowedInsideItOnly() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cd context; mkdir real; echo inside >real/f; ln -s real dirlink; ln -s /real/f abs; ln -s ../../../../real/f up
            echo outside >../secret; ln -s \(shop.path)/secret out; ln -s loop loop
            """)
        try shop.copy("COPY dirlink /d")
        try shop.copy("COPY abs up /files/")
        #expect(try shop.shell("cat root/files/abs root/files/up root/d/f") == "inside\ninside\ninside\n")
        #expect(
            shop.mistake { try shop.copy("COPY out /x") }
                == "Dockerfile:2: compute cache key: \"/out\": not found")
        #expect(
            shop.mistake { try shop.copy("COPY ../secret /x") }
                == "Dockerfile:2: compute cache key: \"/../secret\": not found")
        #expect(shop.mistake { try shop.copy("COPY loop /x") }?.contains("Too many levels") == true)
    }

    @Test func linksOnTheWayToTheDestinationStayInTheRoot() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            echo a >context/a; mkdir outside; mkdir root/usr; ln -s usr/lib root/lib; ln -s \(shop.path)/outside root/out
            ln -s ../../../../../../var root/up; echo keep >outside/keep; ln -s /etc/target root/name
            """)
        try shop.copy("COPY a /lib/x/")
        try shop.copy("COPY a /out/")
        try shop.copy("COPY a /up/a")
        try shop.copy("COPY a /name")
        #expect(try shop.shell("ls outside") == "keep\n")
        #expect(
            try shop.shell("cat root/usr/lib/x/a root/var/a root/etc/target root\(shop.path)/outside/a")
                == "a\na\na\na\n")
    }

    @Test func aLinkInTheWayIsReplacedAndNotFollowed() throws {
        let shop = try Workshop()
        try shop.shell(
            "mkdir context/d; echo new >context/d/f; echo old >victim; mkdir root/t; ln -s ../../victim root/t/f")
        try shop.copy("COPY d /t")
        #expect(try shop.shell("cat victim root/t/f") == "old\nnew\n")
    }

    @Test func directoriesAndFilesDoNotReplaceEachOther() throws {
        let shop = try Workshop()
        try shop.shell("mkdir -p context/d/x root/t/f root/u; touch context/d/f context/g root/u/x root/file")
        #expect(shop.mistake { try shop.copy("COPY d /t") } == "cannot replace to directory /t/f with file")
        #expect(shop.mistake { try shop.copy("COPY d /u") } == "cannot copy to non-directory: /u/x")
        #expect(shop.mistake { try shop.copy("COPY d /file") } == "cannot copy to non-directory: /file")
        #expect(shop.mistake { try shop.copy("COPY g /file/x") }?.contains("Not a directory") == true)
        try shop.copy("COPY --link d /u")
        #expect(try shop.list().contains("d 755 u/x"))
    }

    @Test func severalFilesNeedADirectory() throws {
        let shop = try Workshop()
        try shop.shell("touch context/a context/b; mkdir root/there")
        #expect(
            shop.mistake { try shop.copy("COPY a b /name") }?.contains("must be a directory and end with a /") == true)
        try shop.copy("COPY a b /there")
        #expect(try shop.list().filter { $0.hasPrefix("f") } == ["f 644 there/a", "f 644 there/b"])
    }

    @Test func parentsKeepThePathFromThePivot() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; mkdir -p a/b/c a/z x; chmod 710 a/b; touch a/b/1.txt a/b/c/2.txt a/b/c/3.go a/z/4.go x/5.txt")
        try shop.copy("COPY --parents a/b/1.txt x /plain/")
        try shop.copy("COPY --parents a/./b/*/*.txt /pivot/")
        try shop.copy("COPY --parents **/*.go /stars/")
        #expect(
            try shop.list() == [
                "d 755 pivot", "d 710 pivot/b", "d 755 pivot/b/c", "f 644 pivot/b/c/2.txt", "d 755 plain",
                "d 755 plain/a", "d 710 plain/a/b", "f 644 plain/a/b/1.txt", "d 755 plain/x", "f 644 plain/x/5.txt",
                "d 755 stars", "d 755 stars/a", "d 710 stars/a/b", "d 755 stars/a/b/c", "f 644 stars/a/b/c/3.go",
                "d 755 stars/a/z", "f 644 stars/a/z/4.go",
            ])
        #expect(
            shop.mistake { try shop.copy("COPY --parents a/none /x/") }
                == "Dockerfile:2: compute cache key: \"/a/none\": not found")
    }

    /// The cases that BuildKit tests `--parents` by, and what must be there afterwards.
    @Test(arguments: [
        ("a/b/./c/d", "c/d/e c/d/e/bay c/d/foo"), ("a/b/c/d/.", "a/b/c/d/e/bay a/b/c/d/foo"),
        ("./a/b/c/d", "a/b/c/d/e/bay a/b/c/d/foo"), ("/a/./b/./c", "b/c/d/e/bay b/c/d/foo"),
        ("/a/./*/c", "b/c/d/e/bay b/c/d/foo b2/c/d/e/bar"), ("/a/b*/./c/**/e", "c/d/e/bar c/d/e/bay"),
        ("/a/b/c*/./d/**/baz /a/b*/./c/**/bar", "c/d/e/bar d/e/baz d/e2/baz"), ("/./a/b2", "a/b2/c/d/e/bar"),
    ])
    func parentsAsBuildKitTestsThem(_ sources: String, _ expected: String) throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cd context; mkdir -p a/b/c/d/e a/b2/c/d/e a/b/c2/d/e a/b/c2/d/e2
            touch a/b/c/d/foo a/b/c/d/e/bay a/b2/c/d/e/bar a/b/c2/d/e/baz a/b/c2/d/e2/baz
            """)
        try shop.copy("COPY --parents \(sources) /out/")
        let found = Set(try shop.list("root/out").map { $0.split(separator: " ")[2] })
        let wanted = expected.split(separator: " ")
        #expect(found.isSuperset(of: wanted))
        let files = found.filter { !$0.contains("e2") || $0.hasSuffix("baz") }.filter { name in
            ["foo", "bay", "bar", "baz"].contains { name.hasSuffix($0) }
        }
        #expect(files.isSubset(of: wanted))
    }

    @Test func excludesCountFromTheSource() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; mkdir -p d/sub/deep; touch d/a.txt d/b.md d/sub/c.txt d/sub/deep/d.txt top.txt top.md")
        try shop.copy("COPY --exclude=*.txt d /one/")
        try shop.copy("COPY --exclude=**/*.txt --exclude=!sub/deep/d.txt d /two/")
        try shop.copy("COPY --exclude=*.txt top* /three/")
        #expect(
            try shop.list() == [
                "d 755 one", "f 644 one/b.md", "d 755 one/sub", "f 644 one/sub/c.txt", "d 755 one/sub/deep",
                "f 644 one/sub/deep/d.txt", "d 755 three", "f 644 three/top.md", "d 755 two", "f 644 two/b.md",
                "d 755 two/sub", "d 755 two/sub/deep", "f 644 two/sub/deep/d.txt",
            ])
    }

    @Test func ignoredFilesAreNotThere() throws {
        let shop = try Workshop()
        try shop.shell("cd context; mkdir -p keep gone/in; touch a.log keep/b gone/c gone/in/d; ln -s gone/c alias")
        let ignore = "*.log\ngone\n!gone/in/d\n"
        try shop.copy("COPY . /all/", ignore: ignore)
        #expect(
            try shop.list() == [
                "d 755 all", "l 777 all/alias gone/c", "d 755 all/gone", "d 755 all/gone/in", "f 644 all/gone/in/d",
                "d 755 all/keep", "f 644 all/keep/b",
            ])
        for source in ["a.log", "gone/c", "alias"] {
            #expect(shop.mistake { try shop.copy("COPY \(source) /x", ignore: ignore) }?.contains("not found") == true)
        }
        #expect(shop.mistake { try shop.copy("COPY gone /x", ignore: "gone") }?.contains("not found") == true)
    }

    @Test(.asRoot) func ownersAndModesAreWhatTheFlagsSay() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            mkdir -p root/etc context/d; printf 'root:x:0:0::/:\\nweb:x:33:34::/:\\n' >root/etc/passwd
            printf 'staff:x:50:\\n' >root/etc/group; touch context/d/f; chmod 640 context/d/f; chown -R 7:8 context/d
            """)
        try shop.copy("COPY d /context")
        try shop.copy("COPY d /stage", keepsOwners: true)
        try shop.copy("COPY --chown=web d /user/in")
        try shop.copy("COPY --chown=web:staff --chmod=u=rwX,go=rX d /both")
        try shop.copy("COPY --chown=12 --chmod=4711 d/f /number")
        try shop.copy("COPY --chown=:staff <<EOF /text\nhello\nEOF")
        let lines = try shop.list("root", "%y %m %P %U:%G\\n").filter { !$0.contains(" etc") }
        #expect(
            lines == [
                "d 755 both 33:50", "f 644 both/f 33:50", "d 755 context 0:0", "f 640 context/f 0:0",
                "f 4711 number 12:12", "d 755 stage 0:0", "f 640 stage/f 7:8", "f 644 text 0:50", "d 755 user 33:34",
                "d 755 user/in 33:34", "f 640 user/in/f 33:34",
            ])
        #expect(
            shop.mistake { try shop.copy("COPY --chown=nobody d /x") }
                == "find user nobody: no user of that name in /etc/passwd")
        #expect(shop.mistake { try shop.copy("COPY --chown=4294967295 d /x") }?.contains("no user or group") == true)
    }

    @Test(.asRoot) func aWorkingDirectoryIsMadeWhereItIsMissing() throws {
        let shop = try Workshop()
        try shop.shell("mkdir -m 700 root/real; ln -s /real root/link")
        let root = try shop.open("root")
        let copier = Copier(root: root.descriptor.fd, options: CopyOptions(owner: Owner(uid: 3, gid: 4)))
        try copier.makeDirectory(Destination(bytes("a/b"), workingDirectory: bytes("/link")))
        try copier.makeDirectory(Destination(bytes("/real")))
        #expect(
            try shop.list("root", "%y %m %P %U:%G\\n") == [
                "l 777 link 0:0", "d 700 real 0:0", "d 755 real/a 3:4", "d 755 real/a/b 3:4",
            ])
    }

    @Test func hereDocumentsAreFiles() throws {
        let shop = try Workshop()
        try shop.shell("touch context/a")
        try shop.copy("COPY a <<one <<-two /d/\n1\none\n\t2\ntwo")
        #expect(try shop.shell("cat root/d/one root/d/two; ls root/d") == "1\n2\na\none\ntwo\n")
    }

    @Test(.asRoot) func timesAttributesLinksAndHolesAreKept() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cd context; mkdir d; echo x >d/a; ln d/a d/b; touch -d @1000.5 d/a; setfattr -n user.k -v v d/a
            setcap cap_net_raw+ep d/a; truncate -s 3M d/hole; echo end >>d/hole; ln -s nowhere d/l; touch -h -d @77 d/l; touch -d @500 d
            """)
        try shop.copy("COPY --parents d /", latest: 2000)
        #expect(try shop.shell("stat -c '%Y %h' root/d/a root/d/b root/d root/d/l") == "1000 2\n1000 2\n500 2\n77 1\n")
        #expect(try shop.shell("getfattr --only-values -n user.k root/d/b; getcap root/d/b").contains("cap_net_raw"))
        #expect(try shop.shell("cmp context/d/hole root/d/hole; stat -c '%Y' root/d/hole") == "2000\n")
        #expect(try shop.shell("[ $(stat -c %b root/d/hole) -lt 100 ] && echo sparse") == "sparse\n")
    }
}
