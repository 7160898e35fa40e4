import CFuse
import CLinux
import Glibc
import Linux
import Synchronization
public import Union

/// A union served as a file system: the kernel's requests, answered by a few threads.
///
/// Nobody else changes the tree, so the kernel may keep names, missing names, attributes, listings and data for ever.
/// Its protocol is spoken directly (include/uapi/linux/fuse.h, Documentation/filesystems/fuse/): what makes the
/// difference here (passthrough, HANDLE_KILLPRIV_V2, O_TMPFILE, statx) is newer than Debian's libfuse.
public final class Session: @unchecked Sendable {
    public struct Options: Sendable {
        /// Threads that answer; 0 chooses.
        public var threads = 0
        /// The kernel reads and writes files of the upper itself, where it may (needs CAP_SYS_ADMIN).
        public var passthrough = true
        /// Writes are gathered by the kernel, where they do not pass through.
        public var writeback = true
        /// Workers move to the processor of their client.
        public var follow = true

        public init() {}
    }

    let union: Union
    let device: Int32
    let options: Options
    /// Set by INIT, before any other request.
    var features = Features()
    private let ready = Atomic<Bool>(false)
    private let onReady: @Sendable () -> Void
    let ended = Atomic<Bool>(false)
    /// Our own writes take no set-id bits away (CAP_FSETID in the initial namespace).
    let keepsSetID: Bool
    /// The node whose capabilities the kernel removed last.
    let lastUncapable = Atomic<UInt64>(0)

    /// What was agreed with the kernel.
    struct Features {
        var passthrough = false
        var writeback = false
    }

    /// `device`: an open /dev/fuse that is, or will be, mounted. `onReady` is called once, when the mount answers.
    public init(_ union: Union, device: Int32, options: Options = Options(), onReady: @escaping @Sendable () -> Void) {
        self.union = union
        self.device = device
        self.options = options
        self.onReady = onReady
        keepsSetID = union.isAdministrator
        union.onAttributesChanged = { [device] node in
            // The root is never copied up: an address is the kernel's number.
            Self.invalidateAttributes(UInt64(node.address), device)
        }
    }

    /// Answers requests until the mount ends. Blocks.
    public func run() {
        cl_umask(0)
        let count = options.threads > 0 ? options.threads : 4
        var threads: [pthread_t] = []
        for _ in 1..<max(1, count) {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            let result = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Session>.fromOpaque(context).takeRetainedValue().work()
                    return nil
                }, context)
            if result == 0 { threads.append(thread) } else { Unmanaged<Session>.fromOpaque(context).release() }
        }
        work()
        for thread in threads { pthread_join(thread, nil) }
        union.syncAll()
    }

    /// One worker: read, answer, again.
    private func work() {
        var exchange = Exchange()
        var follower = Follower(enabled: options.follow)
        while true {
            let count = exchange.receive(from: device)
            if count < 0 {
                switch Errno(Int32(truncatingIfNeeded: 0 &- count)) {
                // ENOENT: the request was interrupted before it was read.
                case .noEntry, .interrupted, .again: continue
                default:
                    ended.store(true, ordering: .releasing)
                    return
                }
            }
            guard count >= MemoryLayout<fuse_in_header>.size else { continue }
            exchange.length = count
            follower.follow(exchange.head.pid)
            handle(exchange)
        }
    }

    /// Answers one request; what a request asks wrongly gets an errno, never an end.
    private func handle(_ exchange: borrowing Exchange) {
        do throws(Errno) {
            guard let count = try answer(exchange) else { return }
            exchange.reply(to: device, count: count)
        } catch {
            exchange.reply(to: device, error: error)
        }
    }

    func becomeReady() {
        if !ready.exchange(true, ordering: .acquiringAndReleasing) { onReady() }
    }
}

/// Keeps a worker on its client's processor: a wake-up across processors of a virtual machine costs more than the work.
struct Follower {
    private var enabled: Bool
    private var client: UInt32 = 0
    private var since = 0
    private var processor: Int32 = -1

    init(enabled: Bool) { self.enabled = enabled && cl_processors() > 1 }

    mutating func follow(_ pid: UInt32) {
        guard enabled, pid != 0 else { return }
        since += 1
        if pid == client, since < 256 { return }
        if pid != client, since < 8 { return }
        since = 0
        client = pid
        let now = cl_processor_of(pid)
        if now < 0 || now == processor { return }
        processor = now
        if cl_run_on(now) < 0 { enabled = false }
    }
}
