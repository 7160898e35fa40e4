import CLinux
import Containers
import Glibc
import Linux
import Union

/// `shale try` inside its namespace: mounts the union, runs the command in it, unmounts.
struct Inside {
    let scratch: [UInt8]
    let lower: [UInt8]
    let command: [[UInt8]]

    /// The union is mounted already.
    let isMounted: Bool

    var merged: [UInt8] { scratch + Array("/merged".utf8) }

    func run() throws -> Int32 {
        var buffer = [CChar](repeating: 0, count: 4097)
        let directory = getcwd(&buffer, 4096).map {
            UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) }
        }
        if let error = Namespace.enter() {
            throw Failure.failed("try: a namespace of our own: \(error); shale doctor says what is missing")
        }
        if !isMounted, mount() != 0 { return 125 }
        let status = start(merged, directory ?? [0x2f])
        if lower != [0x2f] { _ = cl_umount2(Arguments.cString(lower), Int32(CL_MNT_DETACH)) }
        // Flushed before the changes are read.
        if !isMounted, cl_umount2(Arguments.cString(merged), 0) < 0 {
            _ = cl_umount2(Arguments.cString(merged), Int32(CL_MNT_DETACH))
        }
        return status
    }

    /// Mounts the union, in whatever namespace this process is in: the status of the mount helper.
    func mount() -> Int32 {
        let options =
            option("lowerdir", lower) + option("upperdir", scratch + Array("/upper".utf8))
            + option("workdir", scratch + Array("/work".utf8)) + Array("fsname=shale-try".utf8)
        // The upper's root is the tree's: it has the lower's mode.
        if let status = try? FD.workingDirectory.status(Arguments.cString(lower)) {
            try? FD.workingDirectory.setMode(Arguments.cString(scratch + Array("/upper".utf8)), status.mode & 0o7777)
        }
        return Programs.run([Programs.path("shalefs"), Array("-o".utf8), options, merged])
    }

    private func option(_ key: String, _ path: [UInt8]) -> [UInt8] {
        Array(key.utf8) + [0x3d] + MountedStack.escaped(path) + [0x2c]
    }

    private func start(_ merged: [UInt8], _ directory: [UInt8]) -> Int32 {
        if lower == [0x2f] {
            for shared in ["proc", "sys", "dev", "run"] {
                let inside = Arguments.cString(merged + [0x2f] + Array(shared.utf8))
                _ = cl_mount("/\(shared)", inside, nil, UInt(CL_MS_BIND) | UInt(CL_MS_REC), nil)
            }
        } else {
            _ = cl_mount(Arguments.cString(merged), Arguments.cString(lower), nil, UInt(CL_MS_BIND), nil)
        }
        let child = cl_fork()
        if child < 0 { return 125 }
        if child == 0 {
            if lower == [0x2f], chroot(Arguments.cString(merged)) != 0 {
                say("try: chroot: \(String(cString: strerror(errno)))")
                cl_exit_now(125)
            }
            // The command is an ordinary one again.
            _ = cl_keep_capabilities(0)
            if chdir(Arguments.cString(directory)) != 0 { _ = chdir("/") }
            let error = Programs.become(command)
            say("\(printable(command.first ?? [])): \(String(cString: strerror(error)))")
            cl_exit_now(error == ENOENT ? 127 : 126)
        }
        var status: Int32 = 0
        while waitpid(pid_t(child), &status, 0) < 0, errno == EINTR {}
        if lower == [0x2f] {
            for shared in ["proc", "sys", "dev", "run"] {
                _ = cl_umount2(Arguments.cString(merged + [0x2f] + Array(shared.utf8)), Int32(CL_MNT_DETACH))
            }
        }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
