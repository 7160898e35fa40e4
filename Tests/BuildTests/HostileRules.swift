import CLinux
import Glibc
import Linux
import OCI
import Testing

@testable import Build

/// Trees that somebody made to do harm, and what no image holds.
@Suite struct HostileRules {
    @Test func namesOfEveryByteComeThrough() throws {
        let shop = try Workshop()
        let directory = try shop.open("context")
        for byte in UInt8(1)...255 where byte != .slash {
            let name = bytes("n") + [byte] + bytes("x")
            _ = try directory.descriptor.fd.open(name.cPath, [.writeOnly, .create], mode: 0o644)
        }
        try shop.copy("COPY . /all/")
        #expect(try shop.shell("diff -r context root/all && ls root/all | wc -l").contains("2"))
        let copied = try shop.open("root/all")
        #expect(try PlainDirectory(copied).names().count == 254)
    }

    @Test(.asRoot) func fifosAreCopiedAndNotReadSocketsAreSkippedAndDevicesAreMade() throws {
        let shop = try Workshop()
        try shop.shell(
            "cd context; mkfifo -m 600 pipe; mknod dev c 1 3; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'"
        )
        try shop.copy("COPY . /all/")
        #expect(try shop.list() == ["d 755 all", "c 644 all/dev", "p 600 all/pipe"])
        #expect(
            shop.mistake { try shop.copy("COPY sock /x") } == "Dockerfile:2: copy sock: a socket, which no image holds")
        try shop.copy("ADD pipe /one")
        #expect(try shop.list().contains("p 600 one"))
    }

    @Test func aFileThatChangesAfterItWasSelectedIsNotCopied() throws {
        let shop = try Workshop()
        try shop.shell("echo one >context/f")
        let root = try shop.open("root")
        for change in [
            "echo two >context/f", "rm context/f; ln -s /etc/passwd context/f", "rm context/f; mkfifo context/f",
        ] {
            let selection = try shop.select("COPY --exclude=none . /")
            try shop.shell(change)
            #expect(throws: BuildError.self) {
                try Copier(root: root.descriptor.fd).copy(selection, to: Destination(bytes("/")))
            }
            try shop.shell("rm -f context/f; echo one >context/f")
        }
        #expect(try shop.shell("cat root/f 2>/dev/null || true").contains("root:") == false)
    }

    /// Somebody swaps a directory and a link to the outside while it is copied to and from.
    @Test func whoeverSwapsDirectoriesForLinksGetsNothingOut() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            mkdir outside; echo secret >outside/f; mkdir -p context/d root/d; echo mine >context/d/f
            mkdir spare; ln -s \(shop.path)/outside spare/link
            """)
        let end = Locked(false)
        let path = shop.path
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Swapping(path, end))
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Swapping>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        defer { pthread_join(thread, nil) }
        defer { end.withLock { $0 = true } }
        for _ in 0..<150 {
            _ = try? shop.copy("COPY d /d/")
            _ = try? shop.copy("COPY --parents d/f /")
        }
        #expect(try shop.shell("cat outside/f; ls outside") == "secret\nf\n")
        #expect(try shop.shell("grep -rl secret root || true") == "")
    }

    private final class Swapping: Sendable {
        let path: String
        let end: Locked<Bool>

        init(_ path: String, _ end: Locked<Bool>) {
            self.path = path
            self.end = end
        }

        func run() {
            while !end.withLock({ $0 }) {
                for side in ["context", "root"] {
                    // RENAME_EXCHANGE
                    _ = cl_renameat2(-100, "\(path)/\(side)/d", -100, "\(path)/spare/link", 2)
                }
            }
        }
    }

    @Test func deepTreesAndManyFilesAreNoTrouble() throws {
        let shop = try Workshop()
        try shop.shell(
            """
            cd context; python3 -c '
            import os
            for i in range(4000): open("f%d" % i, "w").close()
            for i in range(300):
                os.mkdir("d"); os.chdir("d")
            open("end", "w").close()'
            """)
        let selection = try shop.copy("COPY . /")
        #expect(selection.count == 4_301)
        #expect(try shop.shell("find root | wc -l; find root -name end | wc -l") == "4302\n1\n")
    }

    @Test(.asRoot) func whatOrdinaryUsersMayNotKeepIsReported() throws {
        let shop = try Workshop()
        try shop.shell("chmod 777 root; cd context; touch a; chmod 644 a; mknod dev c 1 3; chown 5:5 a dev")
        let losses = Locked<[CopyOptions.Loss]>([])
        let selection = try shop.select("COPY --exclude=none . /", keepsOwners: true)
        // Of this thread alone: it loses what root may do to files.
        _ = cl_setfsuid(65534)
        _ = cl_setfsgid(65534)
        defer {
            _ = cl_setfsuid(0)
            _ = cl_setfsgid(0)
        }
        let root = try shop.open("root")
        let options = CopyOptions(lost: { loss in losses.withLock { $0.append(loss) } })
        try Copier(root: root.descriptor.fd, options: options).copy(selection, to: Destination(bytes("/")))
        let owner = CopyOptions.Loss.Kind.owner(Owner(uid: 5, gid: 5))
        let device = CopyOptions.Loss.Kind.device(mode: 0o020644, number: DeviceNumber(major: 1, minor: 3).raw)
        #expect(losses.withLock { $0.map(\.path) } == [bytes("a"), bytes("dev")])
        #expect(losses.withLock { $0.map(\.kind) } == [owner, device])
    }
}
