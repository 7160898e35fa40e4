import Glibc
import Linux
import ShaleTesting
import Testing

/// Rules 1.5, 9.1 and 11 where they depend on how the server makes a mount fast.
@Suite("11 Living: what makes it fast") struct Chapter11Server {
    /// Whether the server holds processors awake, seen while requests stream.
    private func holdsProcessors(_ server: pid_t) -> Bool {
        let files = Place(path: "/proc/\(server)/fd")
        return ((try? files.list()) ?? []).contains { (try? files.readlink($0)) == "/dev/cpu_dma_latency" }
    }

    @Test("idle processors poll while requests stream, where halting them is dear, and not longer", .needsRealRoot)
    func idle() throws {
        let driver = (try? Place(path: "/sys/devices/system/cpu/cpuidle").read("current_driver")) ?? ""
        let isDear = driver.hasPrefix("haltpoll") && sysconf(Int32(_SC_NPROCESSORS_ONLN)) <= 8
        for (options, expected) in [("", isDear), ("idle=halt", false), ("threads=1", false)] {
            let tag = "conformance-idle-\(getpid())-\(options.count)"
            let m = try Merged(.shale, [["f": "x"]], options: "fsname=\(tag),\(options)")
            let server = try #require(processes(naming: tag).first)
            var seen = false
            // The kernel remembers each name that is missing: every one is a request.
            for round in 0..<200 where !seen {
                for name in 0..<100 { _ = access(m.merged.at("none-\(round)-\(name)"), F_OK) }
                seen = holdsProcessors(server)
            }
            #expect(seen == expected, "\(options)")
            #expect(eventually { !holdsProcessors(server) }, "\(options)")
        }
    }

    @Test("an immutable mount reads, maps and refuses as any other, with and without messages for opens")
    func immutable() throws {
        for options in ["ro,immutable", "ro", "ro,immutable,without=splice"] {
            let m = try Merged(
                .shale, [["small": "content", "empty": "", "script": "#!/bin/sh\necho ran\n"]], options: options,
                prepare: { m in
                    let big = try m.lower().open("big", O_RDWR | O_CREAT)
                    for index in 0..<300_000 { _ = "\(index)\n".withCString { write(big.raw, $0, strlen($0)) } }
                    ftruncate(big.raw, 8 << 20)
                    chmod(m.lower().at("script"), 0o755)
                })
            #expect(try m.merged.read("small") == "content", "\(options)")
            #expect(try m.merged.read("empty") == "", "\(options)")
            #expect(run(["cmp", m.lower().at("big"), m.merged.at("big")]).status == 0, "\(options)")
            #expect(run([m.merged.at("script")]).output == "ran\n", "\(options)")
            let file = try m.merged.open("big", O_RDONLY)
            // SEEK_HOLE.
            let hole = lseek(file.raw, 0, 4)
            let below = try m.lower().open("big", O_RDONLY)
            #expect(hole == lseek(below.raw, 0, 4), "\(options)")
            for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_WRONLY | O_TRUNC, O_WRONLY | O_CREAT] {
                let opened = open(m.merged.at("small"), flags, 0o644)
                #expect(opened == -1 && errno == EROFS, "\(options) \(flags)")
                if opened >= 0 { close(opened) }
            }
        }
    }

    @Test("9.1 an ACL of the mount's root holds at once, for whoever does not own it", .needsRealRoot)
    func rootACL() throws {
        let m = try Merged(.shale, [["f": "x"]])
        chmod(m.merged.path, 0o755)
        func seen() -> Bool {
            run(["setpriv", "--reuid", "12345", "--clear-groups", "cat", m.merged.at("f")]).status == 0
        }
        #expect(seen())
        #expect(run(["setfacl", "-m", "u:12345:---", m.merged.path]).status == 0)
        #expect(!seen())
        #expect(run(["setfacl", "-b", m.merged.path]).status == 0)
        #expect(seen())
        chmod(m.merged.path, 0o700)
        #expect(!seen())
    }
}
