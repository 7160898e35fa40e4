import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 11.4 and 11.5: memory, and life as somebody's mount program.
@Suite("11 Living: bounds and containers") struct Chapter11Bounds {
    @Test("11.4 a walk does not grow the process without end")
    func memory() throws {
        let tag = "conformance-memory-\(getpid())"
        let directories = 200
        let m = try Merged(
            .shale, [[:]], options: "fsname=\(tag)", in: "/dev/shm",
            prepare: { m in
                for directory in 0..<directories {
                    try m.lower().mkdir("d\(directory)")
                    let place = try m.lower().open("d\(directory)", O_RDONLY | O_DIRECTORY)
                    for index in 0..<1000 { try place.fd.makeNode("n\(index)", mode: 0o100644, device: 0) }
                }
            })
        let server = try #require(processes(naming: tag).first)
        func walk() { #expect(run(["find", m.merged.path, "-size", "+1"]).status == 0) }
        let start = residentKiB(server)
        walk()
        let first = residentKiB(server)
        // PERFORMANCE.md: under 400 bytes for each name the kernel holds.
        #expect(first - start < 400 * directories * 1000 / 1024 + 8192, "grew by \(first - start) KiB")
        for _ in 0..<4 { walk() }
        #expect(residentKiB(server) < first + 8192, "\(first) then \(residentKiB(server)) KiB")
        guard Environment.isRealRoot else { return }
        let freed = eventually {
            try? Place(path: "/proc/sys/vm").write("drop_caches", "2")
            return residentKiB(server) < start + 16384
        }
        #expect(freed, "\(start), \(first), \(residentKiB(server)) KiB after the caches went")
    }

    @Test("11.5 the command line of containers/storage: its options, unknown ones ignored with a warning")
    func mountProgram() throws {
        let stack = try Stack(lowers: [["f": "x"], ["g": "y"]])
        let point = Place(path: stack.path + "/merged")
        defer { _ = shell("umount \(point.path) 2>/dev/null || fusermount3 -u \(point.path)") }
        let options = stack.options("nodev,fsync=0,frobnicate=7,metacopy=on,volatile")
        let outcome = Helper.run("-o", options, point.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("frobnicate"), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "a known option is warned of: \(outcome.errors)")
        #expect(try point.list() == ["f", "g"])
        try point.append("f", "z")
        #expect(try Place(path: stack.upper).read("f") == "xz")
    }

    @Test("11.5 options in pieces, in any order, also before and after the mount point")
    func pieces() throws {
        let stack = try Stack(lowers: [["f": "x"]])
        let point = Place(path: stack.path + "/merged")
        defer { _ = shell("umount \(point.path) 2>/dev/null || fusermount3 -u \(point.path)") }
        let outcome = Helper.run(
            "-oworkdir=\(stack.work)", "-o", "upperdir=\(stack.upper)", point.path, "-o", "lowerdir=\(stack.lowers[0])")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try point.read("f") == "x")
    }

    @Test("11.5 fsname= and subtype= show in /proc/mounts")
    func names() throws {
        let stack = try Stack(lowers: [["f": "x"]])
        let mount = try stack.mount("fsname=mysource,subtype=mytype")
        let fields = try #require(mountLine(mount.path)).split(separator: " ")
        #expect(fields[2] == "fuse.mytype")
        #expect(fields[0] == "mysource")
    }

    @Test("11.5 Buildah uses it as its mount program", .needsRealRoot)
    func buildah() throws {
        let stack = try Stack(lowers: [["Containerfile": "FROM scratch\nCOPY f /f\n", "f": "content"]])
        let root = stack.path + "/root"
        let storage = [
            "buildah", "--root", root, "--runroot", stack.path + "/run", "--storage-driver", "overlay", "--storage-opt",
            "overlay.mount_program=\(Helper.path)",
        ]
        defer { _ = run(["umount", "-l", root + "/overlay"]) }
        let built = run(storage + ["bud", "--isolation", "chroot", "-t", "conformance", stack.lowers[0]])
        #expect(built.status == 0, "\(built.errors)")
        let from = run(storage + ["from", "--pull-never", "conformance"])
        #expect(from.status == 0, "\(from.errors)")
        let container = from.output.split(separator: "\n").last.map(String.init) ?? ""
        let mounted = run(storage + ["mount", container])
        #expect(mounted.status == 0, "\(mounted.errors)")
        let place = Place(path: mounted.output.split(separator: "\n").last.map(String.init) ?? "")
        #expect(mountLine(place.path)?.contains("fuse") == true)
        #expect(try place.read("f") == "content")
        #expect(run(storage + ["umount", container]).status == 0)
        _ = run(storage + ["rm", container])
        _ = run(storage + ["rmi", "-a", "-f"])
    }
}
