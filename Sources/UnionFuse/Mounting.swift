import CLinux
import Glibc
public import Linux
public import Union

/// Mounting and unmounting /dev/fuse: by mount(2) where this process may, otherwise by fusermount3.
public enum Mounting {
    /// What a session serves.
    public struct Mounted: Sendable {
        /// The open /dev/fuse, to be served and finally closed by the caller.
        public let device: Int32
        /// A mount that is nowhere yet: see ``Mounting/attach(_:_:at:)``.
        public let detached: Int32?
    }

    /// Mounts, or makes all but the last step of it, which ``attach(_:_:at:)`` takes once the session is ready.
    ///
    /// - Throws: ``Refusal`` with one line that says why.
    public static func mount(_ options: MountOptions, at mountPoint: [UInt8]) throws(Refusal) -> Mounted {
        guard cl_has_capability(21) == 1 else {
            return Mounted(device: try mountByHelper(options, mountPoint), detached: nil)
        }
        guard options.session.levers.contains(.acl) else {
            return Mounted(device: try mountDirectly(options, mountPoint), detached: nil)
        }
        let device = try openDevice()
        do throws(Errno) {
            return Mounted(device: device, detached: try DetachedMount.make(options, device: device).release())
        } catch {
            // A descriptor of /dev/fuse serves one file system, also where only half of it was made.
            _ = cl_close(device)
        }
        return Mounted(device: try mountDirectly(options, mountPoint), detached: nil)
    }

    /// The last step of a mount, while its session answers. `detached` is closed where that succeeds: otherwise the session goes
    /// on as long as it is open.
    ///
    /// - Throws: what the kernel says, or whoever watches over what is mounted.
    public static func attach(_ detached: Int32, _ mounted: Mounted, at mountPoint: [UInt8]) throws(Errno) {
        try DetachedMount.attach(FD(detached), device: mounted.device, at: path(mountPoint))
        _ = cl_close(detached)
        Readahead.raise(mountPoint)
    }

    private static func openDevice() throws(Refusal) -> Int32 {
        do throws(Errno) {
            return try FD.workingDirectory.open("/dev/fuse", .readWrite).release()
        } catch {
            throw Refusal("/dev/fuse: \(error)\(error == .access ? "; its usual mode is 0666" : "")")
        }
    }

    private static func mountDirectly(_ options: MountOptions, _ mountPoint: [UInt8]) throws(Refusal) -> Int32 {
        let device = try openDevice()
        var flags: UInt = 0
        if options.showsReadOnly { flags |= 1 }
        if options.setID == false { flags |= 2 }
        if options.devices == false { flags |= 4 }
        if !options.executable { flags |= 8 }
        if options.noAccessTimes { flags |= 1024 }
        var data = "fd=\(device),rootmode=40000,user_id=\(getuid()),group_id=\(getgid()),default_permissions"
        if options.allowOther ?? true { data += ",allow_other" }
        let type = "fuse.\(printable(options.subtype))"
        let source = options.source.map { CChar(bitPattern: $0) } + [0]
        let result = cl_mount(source, path(mountPoint), type, flags, data)
        if result < 0 {
            _ = cl_close(device)
            throw Refusal("mount point \(printable(mountPoint)): \(Errno(0 &- result))")
        }
        Readahead.raise(mountPoint)
        return device
    }

    private static func mountByHelper(_ options: MountOptions, _ mountPoint: [UInt8]) throws(Refusal) -> Int32 {
        var sockets: [Int32] = [-1, -1]
        guard cl_socketpair(&sockets) >= 0 else { throw Refusal("fusermount3: no socket to talk to it") }
        defer { for socket in sockets where socket >= 0 { _ = cl_close(socket) } }
        _ = cl_set_cloexec(sockets[0], 0)
        var list = ["default_permissions", "nosuid", "nodev"]
        list.append(options.showsReadOnly ? "ro" : "rw")
        if !options.executable { list.append("noexec") }
        if options.noAccessTimes { list.append("noatime") }
        if options.allowOther == true { list.append("allow_other") }
        // fusermount3 has its own escapes for commas and backslashes.
        let names = [("fsname=", options.source), ("subtype=", options.subtype)].map { key, value in
            Array(key.utf8) + value.flatMap { $0 == 0x2c || $0 == 0x5c ? [0x5c, $0] : [$0] }
        }
        let text = list.map { Array($0.utf8) } + names
        let status = run(
            ["fusermount3", "-o"].map { Array($0.utf8) } + [Array(text.joined(separator: [0x2c]))] + [
                Array("--".utf8), mountPoint,
            ],
            environment: ["_FUSE_COMMFD=\(sockets[0])"])
        _ = cl_close(sockets[0])
        sockets[0] = -1
        guard status == 0 else {
            if status == 127 {
                throw Refusal("fusermount3: not found; it is in the package fuse3, and without it only root can mount")
            }
            throw Refusal("mount point \(printable(mountPoint)): fusermount3 refused it (status \(status))")
        }
        let device = cl_receive_descriptor(sockets[1])
        guard device >= 0 else { throw Refusal("fusermount3: sent no descriptor: \(Errno(0 &- device))") }
        return device
    }

    /// Takes a mount away. `lazily`: at once, whoever still uses it.
    ///
    /// - Throws: EINVAL where nothing is mounted, EBUSY while it is in use.
    public static func unmount(_ mountPoint: [UInt8], lazily: Bool) throws(Errno) {
        // UMOUNT_NOFOLLOW: the mount point itself, never where a symlink leads.
        let result = cl_umount2(path(mountPoint), (lazily ? 2 : 0) | 8)
        if result >= 0 { return }
        guard result == -1 else { throw Errno(0 &- result) }
        let arguments = ["fusermount3", "-u", "-q"] + (lazily ? ["-z"] : []) + ["--"]
        let status = run(arguments.map { Array($0.utf8) } + [mountPoint], environment: [])
        if status != 0 { throw status == 127 ? Errno.notPermitted : Errno.busy }
    }

    /// Runs a program of PATH and waits for it: its exit status, 127 when it cannot be started.
    private static func run(_ arguments: [[UInt8]], environment: [String]) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup(path($0)) }
        pointers.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        for name in ["PATH", "HOME"] {
            if let value = getenv(name) { variables.append(strdup("\(name)=\(String(cString: value))")) }
        }
        variables.append(nil)
        defer {
            for pointer in pointers { free(pointer) }
            for variable in variables { free(variable) }
        }
        var process = pid_t()
        guard let program = pointers.first ?? nil, posix_spawnp(&process, program, nil, nil, pointers, variables) == 0
        else {
            return 127
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    private static func path(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

    /// Makes the mount point fit: a dead mount of an earlier server goes (SEMANTICS 11.2), and what is inside the upper is refused (1.3).
    public static func prepare(_ mountPoint: [UInt8], upper: [UInt8]?) throws(Refusal) -> [UInt8] {
        var status: Result<Status, Errno> = look(mountPoint)
        // A server that is being killed aborts what waits for it, and then is not connected any more.
        for _ in 0..<50 {
            guard case .failure(let error) = status, error == .notConnected || error == .connectionAborted else {
                break
            }
            try? unmount(mountPoint, lazily: true)
            status = look(mountPoint)
            if case .failure(.connectionAborted) = status { usleep(10_000) }
        }
        switch status {
        case .failure(let error): throw Refusal("mount point \(printable(mountPoint)): \(error)")
        case .success(let found) where !found.isDirectory:
            throw Refusal("mount point \(printable(mountPoint)): \(Errno.notDirectory)")
        case .success: break
        }
        guard let resolved = realpath(path(mountPoint), nil) else {
            throw Refusal("mount point \(printable(mountPoint)): cannot be resolved")
        }
        defer { free(resolved) }
        let absolute = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map { UInt8(bitPattern: $0) }
        if let upper, let above = realpath(path(upper), nil) {
            defer { free(above) }
            let prefix = UnsafeBufferPointer(start: above, count: strlen(above)).map { UInt8(bitPattern: $0) }
            if absolute == prefix || absolute.starts(with: prefix + [0x2f]) {
                throw Refusal("mount point \(printable(mountPoint)): lies inside the upperdir")
            }
        }
        return absolute
    }

    private static func look(_ mountPoint: [UInt8]) -> Result<Status, Errno> {
        do throws(Errno) {
            let directory = try FD.workingDirectory.open(path(mountPoint), [.path])
            // statfs(2) asks the server of a FUSE mount, where stat(2) may be answered from what the kernel remembers.
            _ = try directory.fd.fileSystem()
            return .success(try directory.fd.status())
        } catch {
            return .failure(error)
        }
    }
}
