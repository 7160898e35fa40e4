import CLinux
import Glibc
import Linux
import Union
import UnionFuse

/// One mount from start to end.
struct Server {
    let options: MountOptions
    let mountPoint: [UInt8]
    let foreground: Bool
    let verbose: Bool

    /// By this variable a server knows that it was started by ``start()``.
    private static let variable = "SHALEFS_READY"
    /// Its value "tied" ends the mount with whoever started the server, instead of letting it outlive him.
    /// Where it has the socket on which it says that the mount answers.
    private static let socket: Int32 = 3

    /// Serves here, or in a process that outlives us once the mount answers. The exit status.
    func start() -> Int32 {
        if let mode = getenv(Self.variable) {
            let isTied = strcmp(mode, "tied") == 0
            unsetenv(Self.variable)
            _ = cl_set_cloexec(Self.socket, 1)
            return serve(ready: Self.socket, isTied: isTied)
        }
        for warning in options.warnings { Helper.say(warning) }
        if foreground { return serve(ready: nil) }
        var pipe: [Int32] = [-1, -1]
        guard cl_socketpair(&pipe) >= 0 else {
            Helper.say("cannot start the server: no descriptors")
            return 1
        }
        let error = spawn(pipe[1])
        _ = cl_close(pipe[1])
        guard error == 0 else {
            Helper.say("cannot start the server: \(Errno(error))")
            return 1
        }
        var byte: UInt8 = 1
        while true {
            let count = cl_read(pipe[0], &byte, 1)
            if count == -4 { continue }
            return count == 1 && byte == 0 ? 0 : 1
        }
    }

    /// Starts this program once more. Not by fork(2): the locks of Swift's runtime remember the thread's number, which is
    /// another one in the child, and hang as soon as two threads of it meet.
    private func spawn(_ ready: Int32) -> Int32 {
        setenv(Self.variable, "1", 1)
        defer { unsetenv(Self.variable) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ready, Self.socket)
        var process = pid_t()
        return posix_spawn(&process, "/proc/self/exe", &actions, nil, CommandLine.unsafeArgv, environ)
    }

    /// - Parameter isTied: the mount goes when the other end of the socket is closed.
    private func serve(ready: Int32?, isTied: Bool = false) -> Int32 {
        _ = cl_ignore_sigpipe()
        cl_share_memory()
        _ = cl_block_termination()
        let mounted: Mounting.Mounted
        let union: Union
        let target: [UInt8]
        do throws(Refusal) {
            var configuration = options.union
            target = try Mounting.prepare(mountPoint, upper: configuration.upper)
            if options.readOnly, let upper = configuration.upper {
                // Read-only: the upper is one more lower, on top.
                configuration.lowers.insert(upper, at: 0)
                configuration.upper = nil
                configuration.work = nil
            }
            union = try Union(configuration)
            if verbose { for note in union.notes { Helper.say(note) } }
            mounted = try Mounting.mount(options, at: target)
        } catch {
            Helper.say("\(error)")
            return 1
        }
        @Sendable func becomeReady() {
            guard let ready else { return }
            _ = cl_daemonize_child()
            var done: UInt8 = 0
            _ = cl_write(ready, &done, 1)
            if !isTied { _ = cl_close(ready) }
        }
        var sessionOptions = options.session
        sessionOptions.isBelowRoot = mounted.detached != nil
        let life = MountLife(target, isMounted: mounted.detached == nil) { union.unmarkVolatile() }
        let session = Session(union, device: mounted.device, options: sessionOptions) {
            guard let detached = mounted.detached else { return becomeReady() }
            // The session has to answer meanwhile.
            let started = DetachedThread.start {
                let outcome = life.attach { () throws(Errno) in try Mounting.attach(detached, mounted, at: target) }
                switch outcome {
                case .success(true): becomeReady()
                case .success(false): break
                case .failure(let error):
                    union.unmarkVolatile()
                    startAgain(after: error, ready: ready, isTied: isTied)
                }
            }
            if !started {
                Helper.say("mount point \(printable(target)): no thread to mount it")
                cl_exit_now(1)
            }
        }
        life.watch()
        if isTied, let ready { MountLife.watch(tie: ready) }
        session.run()
        _ = cl_close(mounted.device)
        return 0
    }

    /// Somebody who watches over mounts may know mount(2) alone. This program starts once more, as it was started, and uses that.
    private func startAgain(after error: Errno, ready: Int32?, isTied: Bool) {
        let variable = "SHALEFS_WITHOUT_ACL"
        if [.notPermitted, .access, .notImplemented].contains(error), getenv(variable) == nil {
            setenv(variable, "1", 1)
            if let ready {
                setenv(Self.variable, isTied ? "tied" : "1", 1)
                _ = cl_set_cloexec(ready, 0)
            }
            execv("/proc/self/exe", CommandLine.unsafeArgv)
        }
        Helper.say("mount point \(printable(mountPoint)): \(error)")
        cl_exit_now(1)
    }
}
