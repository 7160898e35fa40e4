import CDifferential
import Glibc

/// What mounts a stack: kernel overlayfs, or a program with the command line of fuse-overlayfs.
enum Mounter {
    case kernel
    case command(Bytes)

    var isKernel: Bool {
        if case .kernel = self { return true }
        return false
    }
}

/// The directories of one copy of a stack.
struct StackPlace {
    var base: Bytes
    var lowerCount: Int

    var lowers: [Bytes] { (0..<lowerCount).map { base.appending(Bytes("l\($0)")) } }
    var upper: Bytes { base.appending(Bytes("u")) }
    var work: Bytes { base.appending(Bytes("w")) }

    func build(_ stack: Stack, prefix: String, _ spelling: StackBuilder.Spelling = .init()) throws(Failure) {
        let builder = StackBuilder(prefix: prefix, spelling: spelling)
        try make(base)
        for (layer, path) in zip(stack.lowers, lowers) { try builder.build(layer, at: path) }
        try StackBuilder(prefix: prefix).build(stack.upper, at: upper)
        try make(work)
    }

    private func make(_ path: Bytes) throws(Failure) {
        if path.withPath({ mkdir($0, 0o755) }) < 0 { throw Failure("make \(path.shown): \(errnoName(errno))") }
    }

    /// Deletes all, and unmounts before what was mounted in it.
    func remove() {
        for lower in lowers {
            while lower.withPath({ cd_umount($0, 1) }) == 0 {}
        }
        removeTree(base)
    }

    /// What to mount: with the upper on top, or the upper as one more lower, without a way to write.
    func options(_ more: [String], readOnly: Bool) -> Bytes {
        var text = Bytes("lowerdir=")
        text += ((readOnly ? [upper] : []) + lowers).joined(separator: [UInt8(ascii: ":")])
        if !readOnly { text += Bytes(",upperdir=") + upper + Bytes(",workdir=") + work }
        for option in more { text += Bytes("," + option) }
        return text
    }
}

/// One mounted stack.
struct Mounted {
    let point: Bytes
    let mounter: Mounter

    /// Mounts; fails with the reason.
    init(_ place: StackPlace, at point: Bytes, by mounter: Mounter, _ profile: Profile, readOnly: Bool = false)
        throws(Failure)
    {
        self.point = point
        self.mounter = mounter
        switch mounter {
        case .kernel:
            let data = place.options(profile.options, readOnly: readOnly)
            let result = point.withPath { point in
                data.withPath { data in
                    "overlay".withCString {
                        cd_mount($0, point, $0, 0, UnsafeRawPointer(data).assumingMemoryBound(to: CChar.self))
                    }
                }
            }
            if result < 0 {
                let text = String(decoding: data, as: UTF8.self)
                throw Failure("mount overlay with \(text): \(errnoName(-result))")
            }
        case .command(let path):
            let data = place.options(profile.options + profile.ours, readOnly: readOnly)
            let log = place.base.appending(Bytes("log"))
            let status = run([path, Bytes("-o"), data, point], errorsTo: log)
            if status == 0 && isMounted { return }
            let command = String(decoding: path + Bytes(" -o ") + data, as: UTF8.self)
            let why = status == 0 ? "ended well, but nothing is mounted" : "ended with status \(status)"
            let said = readWhole(String(decoding: log, as: UTF8.self)).suffix(400)
            throw Failure("\(command) \(why), and said \(Bytes(said).shown)")
        }
    }

    private var isMounted: Bool {
        var (here, above) = (cd_stat(), cd_stat())
        _ = point.withPath { cd_statx(-1, $0, 0, &here) }
        _ = point.parentPath.withPath { cd_statx(-1, $0, 0, &above) }
        return here.dev != above.dev
    }

    /// Unmounts, and waits for the helper's end: the next mount may want the same directories at once.
    func unmount() throws(Failure) {
        var result = point.withPath { cd_umount($0, 0) }
        var attempts = 0
        while result == -EBUSY && attempts < 50 {
            usleep(10_000)
            attempts += 1
            result = point.withPath { cd_umount($0, 0) }
        }
        if result < 0 {
            _ = point.withPath { cd_umount($0, 1) }
            throw Failure("unmount \(point.shown): \(errnoName(-result))")
        }
        if !mounter.isKernel, let reason = awaitOrphans() { throw Failure("the mount helper \(reason)") }
    }

    /// Whatever state the mount is in.
    func abandon() {
        _ = point.withPath { cd_umount($0, 1) }
        if !mounter.isKernel { _ = awaitOrphans() }
    }
}

/// Runs a program to its end; its status, or 128 and the signal.
private func run(_ arguments: [Bytes], errorsTo log: Bytes) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { argument in argument.withPath { strdup($0) } }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    guard let program = pointers[0] else { return 127 }
    // Not our own output: a helper in the background would hold it open.
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    _ = log.withPath { posix_spawn_file_actions_addopen(&actions, 2, $0, O_WRONLY | O_CREAT | O_APPEND, 0o644) }
    var pid: pid_t = 0
    if posix_spawnp(&pid, program, &actions, nil, pointers, environ) != 0 { return 127 }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return exitStatus(status)
}

func exitStatus(_ status: Int32) -> Int32 {
    status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
}

/// Waits until no child is left: daemons become ours when their parent ends (`cd_adopt_orphans`).
/// Answers how one ended that did not end well.
private func awaitOrphans() -> String? {
    var reason: String?
    for _ in 0..<2000 {
        var status: Int32 = 0
        let pid = waitpid(-1, &status, WNOHANG)
        if pid < 0 { return reason }
        if pid > 0 {
            let code = exitStatus(status)
            if code > 128 { reason = "was ended by signal \(code - 128)" }
        } else {
            usleep(1000)
        }
    }
    return "did not end within 2 seconds of the unmount"
}
