import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// The rules that only a mount can show, through FUSE and the kernel.
@Suite struct MountedRules {
    private func descriptor(_ path: String, _ flags: Int32) throws -> Int32 {
        let fd = open(path, flags, 0o644)
        try #require(fd >= 0, "\(path): \(errno)")
        return fd
    }

    private func contents(_ fd: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(fd, &bytes, 64, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("5.7 a descriptor opened before the copy-up sees what is written after it")
    func readerFollows() throws {
        let stack = try Stack(lowers: [["f": "before"]])
        let mount = try stack.mount()
        let reader = try descriptor(mount.path + "/f", O_RDONLY)
        defer { close(reader) }
        #expect(contents(reader) == "before")
        let writer = try descriptor(mount.path + "/f", O_WRONLY)
        #expect(write(writer, "AFTER!", 6) == 6)
        close(writer)
        #expect(contents(reader) == "AFTER!")
        mount.unmount()
    }

    @Test("8.1 an unlinked file stays readable, writable and has no names")
    func unlinked() throws {
        let stack = try Stack(lowers: [["f": "lower"]])
        let mount = try stack.mount()
        for name in ["f", "g"] {
            let fd = try descriptor(mount.path + "/" + name, O_RDWR | O_CREAT)
            defer { close(fd) }
            #expect(unlink(mount.path + "/" + name) == 0)
            var status = stat()
            #expect(fstat(fd, &status) == 0)
            #expect(status.st_nlink == 0)
            #expect(pwrite(fd, "still", 5, 0) == 5)
            #expect(contents(fd) == "still")
        }
    }

    @Test("5.6, 8.2 an append, a hole and a truncation reach the upper")
    func writing() throws {
        let stack = try Stack(lowers: [["f": "abc"]])
        let mount = try stack.mount()
        let fd = try descriptor(mount.path + "/f", O_WRONLY | O_APPEND)
        #expect(write(fd, "def", 3) == 3)
        #expect(ftruncate(fd, 1 << 20) == 0)
        #expect(fsync(fd) == 0)
        close(fd)
        mount.unmount()
        var status = stat()
        #expect(stat(stack.upper + "/f", &status) == 0)
        #expect(status.st_size == 1 << 20)
        #expect(status.st_blocks < 64)
        let upper = try descriptor(stack.upper + "/f", O_RDONLY)
        #expect(contents(upper).hasPrefix("abcdef"))
        close(upper)
    }

    @Test("7.3 an open file without a name gets one")
    func unnamed() throws {
        let stack = try Stack(lowers: [["d": [:]]])
        let mount = try stack.mount()
        let fd = cl_openat(-100, mount.path + "/d", OpenFlags([.temporary, .readWrite]).rawValue, 0o600)
        try #require(fd >= 0)
        #expect(write(fd, "x", 1) == 1)
        try FD(fd).linkSelf(to: .workingDirectory, mount.path + "/d/named")
        close(fd)
        let named = try descriptor(mount.path + "/d/named", O_RDONLY)
        #expect(contents(named) == "x")
        close(named)
    }

    @Test("3.2 a directory read while its entries go shows each survivor once")
    func removingWhileReading() throws {
        let stack = try Stack(lowers: [.directory((0..<300).map { .init(Array("n\($0)".utf8), "") })])
        let mount = try stack.mount()
        let directory = try #require(opendir(mount.path))
        defer { closedir(directory) }
        var seen: [String: Int] = [:]
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("n") {
                seen[name, default: 0] += 1
                #expect(unlink(mount.path + "/" + name) == 0)
            }
        }
        #expect(seen.count == 300)
        #expect(seen.values.allSatisfy { $0 == 1 })
    }

    @Test("11.2 a mount point whose server was killed can be mounted again, and the upper is whole")
    func killed() throws {
        let stack = try Stack(lowers: [["f": "x"]])
        let mount = try stack.mount("fsname=shale-killed-\(getpid())")
        let fd = try descriptor(mount.path + "/new", O_WRONLY | O_CREAT)
        #expect(write(fd, "kept", 4) == 4)
        #expect(fsync(fd) == 0)
        close(fd)
        killServers(naming: "shale-killed-\(getpid())")
        let again = try stack.mount()
        let kept = try descriptor(again.path + "/new", O_RDONLY)
        #expect(contents(kept) == "kept")
        close(kept)
        again.unmount()
    }

    /// kill -9 to every process whose command line has `text`.
    private func killServers(naming text: String) {
        guard let processes = opendir("/proc") else { return }
        defer { closedir(processes) }
        while let entry = readdir(processes) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = pid_t(name), pid != getpid(), let file = fopen("/proc/\(name)/cmdline", "r") else {
                continue
            }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = fread(&bytes, 1, 4096, file)
            let line = String(decoding: bytes.prefix(count), as: UTF8.self)
            if line.contains(text) {
                kill(pid, SIGKILL)
                while kill(pid, 0) == 0, stillRuns(pid) { usleep(1000) }
            }
        }
    }

    /// A zombie has ended.
    private func stillRuns(_ pid: pid_t) -> Bool {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = fread(&bytes, 1, 512, file)
        return !String(decoding: bytes.prefix(count), as: UTF8.self).contains(") Z ")
    }
}
