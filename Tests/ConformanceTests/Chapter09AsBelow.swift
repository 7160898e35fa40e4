import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 9.1 and 9.2 against the filesystem below: the same shell lines there and in the mount, and the same answers.
@Suite("9 Permissions: as on the filesystem below") struct Chapter09AsBelow {
    /// Each runs in a directory with `f` (0664), `x` (0755), `d` (0777), `g` (a set-gid directory), `t` (sticky).
    static let lines: [String] = [
        "setfacl -m u:1:rwx f; chmod 640 f; getfacl -c f; chmod 604 f; getfacl -c f; setfacl -b f; stat -c %a f",
        "setfacl -m u:1:rw,g:2:r f; cp -a f d/; getfacl -c d/f; setfacl -x u:1 f; getfacl -c f; setfacl -k f; stat -c %a f",
        "setfacl -d -m u::rwx,g::rx,o::-,u:1:rwx d; umask 077; touch d/a; mkdir d/b; mkfifo d/p; ln -s a d/l; getfacl -c d/*",
        "umask 077; touch g/a; mkdir g/b; mkdir g/b/c; mknod g/p p; stat -c '%n %a %A' g/* g/b/c",
        "chmod 6755 x; chgrp \"$(id -g)\" x; stat -c %a x; chmod 6755 x; echo >> x; stat -c %a x; chmod 2644 x; echo >> x; stat -c %a x",
        "chmod 6755 x; truncate -s 3 x; stat -c %a x; chmod 4711 x; : > x; stat -c %a x; chmod 4711 x; touch x; stat -c %a x",
        "chmod 000 f; cat f; echo y > f; chmod 200 f; echo y > f; cat f; chmod 400 f; cat f; echo z >> f",
        "chmod 300 d; ls d; touch d/a; stat -c %s d/a; chmod 500 d; touch d/b; ls d; chmod 400 d; stat -c %s d/a; chmod 700 d",
        "touch t/a; chmod 777 t/a; mv t/a t/b; rm t/b; rmdir t; ls t",
        "touch -d @5 f; stat -c '%X %Y' f; touch -h -d @6 l; stat -c '%X %Y' l; chmod 444 f; touch -d @7 f; stat -c %Y f",
        "setfattr -n user.a -v 1 f; setfattr -n user.a l; getfattr -n user.a --only-values f; setfattr -n user.b p; setfattr -x user.b f",
        "setfattr -n trusted.a -v 1 f; getfattr -d -m trusted f; setfattr -n security.foo -v 1 f; getfattr -d -m security.foo f",
        "chown 99 f; chgrp 99 f; chown -h 99 l; stat -c '%u %g' f l",
        "cp x d/x2; ln f d/f2; ln l d/l2; mv f d/f3; stat -c '%n %h %a' d/*; rm -r d; ls",
        "mkdir -m 1777 d/s; mkdir -m 2755 d/r; mkdir d/r/in; stat -c '%n %a' d/s d/r d/r/in; cp -a d/r d/r2; stat -c '%n %a' d/r2",
        "exec 3>>f; chmod 400 f; echo still >&3; cat f; rm f; echo more >&3; stat -L -c '%s %h' /dev/fd/3",
        "head -c 70000 /dev/zero | setfattr -n user.big -v \"$(head -c 5000 /dev/zero | tr '\\0' a)\" f; echo $?",
    ]

    private static func dress(_ place: Place) throws {
        for (name, mode) in [("f", UInt32(0o664)), ("x", 0o755)] {
            try place.write(name, "content\n")
            try place.chmod(name, mode)
        }
        for (name, mode) in [("d", UInt32(0o777)), ("g", 0o2777), ("t", 0o1777)] {
            try place.mkdir(name)
            try place.chmod(name, mode)
        }
        try place.symlink("f", "l")
        try place.mkfifo("p")
        guard Environment.mayChown else { return }
        for name in try place.list() {
            let mode = try place.status(name).mode & 0o7777
            try place.chown(name, Environment.stranger, name == "g" ? 777 : Environment.stranger)
            if name != "l" { try place.chmod(name, mode) }
        }
        try place.chown("", Environment.stranger, Environment.stranger)
    }

    /// What a line says and answers in a directory, as ourselves or without privilege.
    private func answer(_ line: String, _ place: Place, privileged: Bool) -> String {
        let whole = "cd \(place.path) && { \(line) ; } 2>&1"
        let id = "\(Environment.stranger)"
        let words =
            privileged || Environment.here == .user
            ? []
            : Environment.mayChown
                ? ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"]
                : ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return run(words + ["sh", "-c", whole]).output
    }

    @Test("9.1, 9.2 what is allowed, refused and left is the same", arguments: Implementation.both, lines)
    func same(_ by: Implementation, _ line: String) throws {
        for privileged in [false, true] {
            let m = try Merged(
                by, [["low": .directory([])]], options: by == .shale && Environment.mayMount ? "allow_other" : "",
                prepare: { try Self.dress(Place(path: $0.lower().at("low"))) })
            try m.scratch.mkdir("below")
            try m.merged.mkdir("up")
            let below = Place(path: m.scratch.at("below"))
            let up = Place(path: m.merged.at("up"))
            for place in [below, up] { try Self.dress(place) }
            let expected = answer(line, below, privileged: privileged)
            for place in [up, Place(path: m.merged.at("low"))] {
                let found = answer(line, place, privileged: privileged)
                #expect(found == expected, "\(place.path), privileged: \(privileged)")
            }
        }
    }
}
