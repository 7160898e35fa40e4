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
        public var levers = Levers.all
        /// Writes are gathered by the kernel, where they do not pass through. Cheaper when they are small, but then a full
        /// disk is told by fsync(2) alone, truncate(2) to the same size leaves the time of modification, and
        /// lseek(2) does not see what is still gathered.
        public var writeback = false

        /// Nobody changes the lowers while they are mounted, and the server may read all of them: files of a mount that cannot be
        /// written are opened without a message.
        public var isImmutable = false
        /// What is mounted lies one step below the root: the mount is ``Mounting/Mounted/detached``.
        public var isBelowRoot = false

        public init() {}
    }

    let union: Union
    let device: Int32
    let options: Options
    /// Set by INIT, before any other request.
    var features = Features()
    private let ready = Atomic<Bool>(false)
    private let onReady: @Sendable () -> Void
    let listings = KeptListings()
    private let leadership = Leadership()
    private let idle: IdlePolling
    private let workers = Atomic<Int>(0)
    /// Our own writes take no set-id bits away (CAP_FSETID in the initial namespace).
    let keepsSetID: Bool
    /// Nodes whose capabilities the kernel has just removed, the latest of them: several writers may be at that at once.
    private let uncapable = Locked<[UInt64]>([])

    func removedCapabilities(of node: UInt64) {
        uncapable.withLock { nodes in
            if nodes.count == 64 { nodes.removeFirst() }
            nodes.append(node)
        }
    }

    /// Whether its capabilities were removed since this was asked last.
    func hasLostCapabilities(_ node: UInt64) -> Bool {
        uncapable.withLock { nodes in
            guard nodes.contains(node) else { return false }
            nodes.removeAll { $0 == node }
            return true
        }
    }

    /// What was agreed with the kernel.
    struct Features {
        var passthrough = false
        var writeback = false
        /// Files are opened without a message.
        var unaskedOpens = false
    }

    /// `device`: an open /dev/fuse that is, or will be, mounted. `onReady` is called once, when the mount answers.
    public init(_ union: Union, device: Int32, options: Options = Options(), onReady: @escaping @Sendable () -> Void) {
        self.union = union
        self.device = device
        self.options = options
        self.onReady = onReady
        keepsSetID = union.isAdministrator
        // Somebody has to be there who ends it.
        idle = IdlePolling(wanted: options.levers.contains(.idle) && options.threads != 1)
        union.onAttributesChanged = { [device] node in
            // The root is never copied up: an address is the kernel's number.
            Self.invalidateAttributes(UInt64(node.address), device)
        }
        union.onLongWork = { [leadership, idle] in
            idle.end()
            leadership.giveAway()
        }
    }

    private func workAsNext() { work(workers.add(1, ordering: .relaxed).newValue) }

    /// Answers requests until the mount ends. Blocks.
    public func run() {
        cl_umask(0)
        _ = cl_set_nonblocking(device)
        let count = options.threads > 0 ? options.threads : 4
        var threads: [pthread_t] = []
        for _ in 1..<max(1, count) {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            let result = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Session>.fromOpaque(context).takeRetainedValue().workAsNext()
                    return nil
                }, context)
            if result == 0 { threads.append(thread) } else { Unmanaged<Session>.fromOpaque(context).release() }
        }
        workAsNext()
        for thread in threads { pthread_join(thread, nil) }
        idle.end()
        union.syncAll()
    }

    /// One worker: waits for the lead, reads, answers, again.
    private func work(_ worker: Int) {
        var exchange = Exchange()
        var lookout = Lookout(isWanted: options.levers.contains(.lookout))
        while leadership.take(worker) {
            while leadership.isLeader(worker) {
                let count = lookout.receive(exchange, from: device, leadership, idle)
                if count < 0 {
                    switch Errno(Int32(truncatingIfNeeded: 0 &- count)) {
                    // ENOENT: the request was interrupted before it was read.
                    case .noEntry, .interrupted, .again: continue
                    default: return leadership.end()
                    }
                }
                guard count >= MemoryLayout<fuse_in_header>.size else { continue }
                exchange.length = count
                leadership.begin(takesLong: exchange.mayTakeLong)
                handle(exchange)
            }
        }
    }

    /// Answers one request; what a request asks wrongly gets an errno, never an end.
    private func handle(_ exchange: borrowing Exchange) {
        do throws(Errno) {
            guard let count = try answer(exchange) else { return }
            exchange.reply(to: device, count: count)
        } catch {
            // What a layer cannot do with one file says nothing of the others: see askNoMore().
            exchange.reply(to: device, error: error == .notImplemented ? .notSupported : error)
        }
    }

    func becomeReady() {
        if !ready.exchange(true, ordering: .acquiringAndReleasing) { onReady() }
    }
}
