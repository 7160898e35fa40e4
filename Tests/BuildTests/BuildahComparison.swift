import Glibc
import Linux
import Testing

@testable import Build

/// The same instructions through `buildah build`, and the trees compared.
@Suite(.asRoot, .enabled(if: access("/usr/bin/buildah", X_OK) == 0, "needs buildah"))
struct BuildahComparison {
    /// A destination that is itself a link is not here either: BuildKit and we write to where it leads, buildah replaces it.
    /// What buildah 1.28 has no flag for is not here: `--parents`, `--exclude`, `--link`, here-documents.
    private static let instructions = [
        "COPY base /", "COPY d /new", "COPY d/ /slash/", "COPY f /file", "COPY f g.txt /dir/", "COPY lf /lf",
        "COPY ld /ld", "COPY *.txt [f] /glob/", "COPY e/ /e", "COPY e/*/deep /deep/", "COPY --chown=5:6 d /own/x/",
        "COPY --chown=web d/sub/x /own/web", "COPY --chown=web:staff f /own/staff", "COPY --chmod=701 d /mod",
        "COPY --chmod=4701 f /modf", "ADD bin/t.tgz /unpacked/", "ADD bin/t.tar bin/text.gz /unpacked2/",
        "ADD d /addd", "COPY f /etc/", "COPY d/sub/x /abslink/x", "COPY d /exists",
        "COPY pipes /pipes/", "COPY . /all/",
    ]

    @Test func treesAreTheSame() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cd context; mkdir -m 711 d; mkdir -m 750 d/sub; echo x >d/sub/x; ln -s sub/x d/link; echo f >f; chmod 640 f
            echo g >g.txt; ln -s f lf; ln -s d ld; mkdir -p e/1/deep e/2; touch e/1/deep/a e/2/b; find . -exec touch -h -d @2000 {} +
            mkdir bin; tar -C d -czf bin/t.tgz .; tar -C d -cf bin/t.tar .; gzip -c f >bin/text.gz; chown 8:9 f
            mkdir -p base/etc base/usr base/real; ln -s /real base/abslink; mkdir -m 700 base/exists
            mkdir -m 700 base/exists/sub; echo old >base/exists/link
            echo 'web:x:33:34::/:' >base/etc/passwd; echo 'staff:x:50:' >base/etc/group; mkdir pipes
            echo secret >skipped.log; mkdir skipped; touch skipped/a skipped/b; printf '*.log\\nskipped\\n!skipped/b\\n' >.dockerignore
            # Fractions of seconds, which buildah rounds and others cut off, are not compared.
            find . -exec touch -h -d @1000 {} +
            """)
        let ignore = "*.log\nskipped\n!skipped/b\n"
        for instruction in Self.instructions { try shop.copy(instruction, ignore: ignore) }
        try shop.shell(
            """
            cat >Dockerfile <<'EOF'
            FROM scratch
            \(Self.instructions.joined(separator: "\n"))
            EOF
            b() { buildah --storage-driver vfs --root \(shop.path)/r --runroot \(shop.path)/rr "$@"; }
            b bud --isolation chroot -q -f Dockerfile -t result context
            c=$(b from result); ln -s $(b mount $c) theirs
            """)
        defer {
            _ = try? shop.shell("buildah --storage-driver vfs --root \(shop.path)/r --runroot \(shop.path)/rr rm -a")
        }
        // Times of files: those of directories and links are the build's in both.
        let format = "%y %m %P %U:%G %l %n\\n"
        let ours = try shop.list("root", format)
        let theirs = try shop.list("theirs/", format)
        #expect(Set(ours).subtracting(theirs).sorted() == [])
        #expect(Set(theirs).subtracting(ours).sorted() == [])
        #expect(ours.count > 80)
        #expect(try shop.shell("diff -r --no-dereference root theirs/") == "")
        let times = "find . -type f -printf '%P %Ts\\n' | sort"
        #expect(try shop.shell("diff <(cd root; \(times)) <(cd theirs/; \(times)) || true") == "")
    }
}
