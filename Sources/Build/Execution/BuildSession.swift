internal import CLinux
internal import Containers
import Glibc
internal import Linux
public import OCI
import Synchronization

/// What all steps of one build share: the store and the lease on all that comes into being, the machine's helpers, and
/// whether somebody wants it to end.
public final class BuildSession: Sendable {
    public let store: Store
    public let lease: Lease
    public let options: BuildOptions
    public let sources: BuildSources
    /// Caches of elsewhere.
    let imported: ImportedCache
    let digests: FileDigests
    let mountHelper: [UInt8]
    let observer: BuildObserver
    /// Ends what reads and writes files, and what is waited for.
    let interruption = Interruption()
    private let steps = Atomic<Int>(0)
    private let directories = Atomic<Int>(0)
    private let state = Locked(State())
    private let gate = Monitor()
    /// Held while the build is being ended.
    private let cancelling = Locked<Void>(())
    private let watch = Locked<ContainerWatch?>(nil)

    private struct State {
        var isCancelled = false
        var running: [String: BuildContainer] = [:]
        /// Keys of the cache that were found or made, each once, in order.
        var used: [Digest] = []
        var isUsed: Set<Digest> = []
        /// Layers that a stage is at.
        var busy: Set<Digest> = []
        /// Locks of cache mounts that the build uses.
        var mounts: [[UInt8]: SharedFile] = [:]
        /// Digests of the ids of cache mounts that steps name, whether or not these are done.
        var namedMounts: Set<Digest> = []
    }

    /// - Parameters:
    ///   - imported: caches that are looked at for what the store's has not.
    ///   - mountHelper: the program `shalefs`.
    public init(
        _ store: Store, _ options: BuildOptions, _ sources: BuildSources, imported: ImportedCache = ImportedCache(),
        mountHelper: [UInt8], observer: @escaping BuildObserver
    ) throws(BuildError) {
        self.imported = imported
        self.store = store
        self.options = options
        self.sources = sources
        self.mountHelper = mountHelper
        self.observer = observer
        lease = try BuildError.wrapping { () throws(StoreError) in try store.lease() }
        lease.isInterrupted = { [interruption] in interruption.happened }
        let memory = DigestMemory(String(decoding: store.path, as: UTF8.self) + "/cache/files.db")
        digests = FileDigests(memory, threads: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    func nextStep() -> Int { steps.add(1, ordering: .relaxed).newValue }

    /// A new directory on the store's file system, gone with the build.
    func makeDirectory(_ purpose: String) throws(BuildError) -> [UInt8] {
        let number = directories.add(1, ordering: .relaxed).newValue
        let path = lease.directory + Array("/\(purpose)-\(number)".utf8)
        try naming("make", path) { () throws(Errno) in
            try FD.workingDirectory.makeDirectory(path.cPath, mode: 0o755)
        }
        return path
    }

    /// A scratch directory for what is fetched.
    func scratch() throws(BuildError) -> ScratchDirectory {
        let path = lease.directory
        let parent = try naming("open", path) { () throws(Errno) in
            SharedFile(try FD.workingDirectory.open(path.cPath, [.readOnly, .directory]))
        }
        return try ScratchDirectory(in: parent)
    }

    /// Ends the build: nothing begins any more, and what runs is killed. From any thread; returns when nothing runs.
    public func cancel() {
        cancelling.withLock { (_: inout Void) in
            state.withLock { $0.isCancelled = true }
            interruption.interrupt()
            // Again and again: one that is just being started is not there for the runtime yet.
            for before in 0... {
                let running = state.withLock { $0.running }
                if running.isEmpty { return }
                for container in running.values { container.end(before: before) }
                usleep(20_000)
            }
        }
    }

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func checkGoing() throws(BuildError) { if isCancelled { throw BuildError("build: cancelled") } }

    /// Registers a container while it runs.
    func running<Result>(
        _ container: BuildContainer, _ body: () throws(BuildError) -> Result
    ) throws(BuildError) -> Result {
        let watch = try watch.withLock { (watch) throws(BuildError) in
            if let watch { return watch }
            let new = try BuildError.wrapping { () throws(ContainerError) in try ContainerWatch() }
            watch = new
            return new
        }
        watch.add(container.id, in: container.bundle)
        state.withLock { $0.running[container.id] = container }
        defer {
            watch.remove(container.id)
            state.withLock { $0.running[container.id] = nil }
            // Whoever kills it has programs of his own to wait for.
            cancelling.withLock { _ in }
        }
        try checkGoing()
        return try body()
    }

    /// Has a cache mount for the rest of the build, beside whoever else has it; no prune takes it away.
    ///
    /// - Parameter path: of the file that stands for the mount.
    /// - Returns: false while a prune is at it.
    func holdUse(_ path: [UInt8]) throws(BuildError) -> Bool {
        if state.withLock({ $0.mounts[path] != nil }) { return true }
        return try naming("lock", path) { () throws(Errno) in
            let file = try FD.workingDirectory.open(path.cPath, [.readWrite, .create], mode: 0o600)
            guard flock(file.raw, LOCK_SH | LOCK_NB) == 0, try file.fd.status().nlink > 0 else { return false }
            let shared = SharedFile(file)
            state.withLock { $0.mounts[path] = shared }
            return true
        }
    }

    /// One stage at a time brings or unpacks a layer: those that run at once may want the same.
    func alone<Result>(
        with layer: Digest, _ body: () throws(BuildError) -> Result
    ) throws(BuildError) -> Result {
        gate.lock()
        while state.withLock({ !$0.busy.insert(layer).inserted }) { gate.wait() }
        gate.unlock()
        defer {
            gate.lock()
            state.withLock { _ = $0.busy.remove(layer) }
            gate.wakeAll()
            gate.unlock()
        }
        return try body()
    }

    /// Notes keys that were found in the cache or put there.
    func use(_ keys: [Digest]) {
        state.withLock { state in
            for key in keys where state.isUsed.insert(key).inserted { state.used.append(key) }
        }
    }

    /// Notes that a step names a cache mount.
    func name(mount id: Digest) { state.withLock { _ = $0.namedMounts.insert(id) } }

    var namedMounts: Set<Digest> { state.withLock { $0.namedMounts } }

    var usedKeys: [Digest] { state.withLock { $0.used } }

    /// Writes down what of the cache was used.
    func recordUse() { try? store.touchCache(usedKeys) }
}

extension BuildError {
    /// Errors of other rooms say what they were about themselves.
    @discardableResult
    public static func wrapping<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
        _ body: () throws(Failure) -> Result
    ) throws(BuildError) -> Result {
        do throws(Failure) { return try body() } catch { throw BuildError(error.description) }
    }
}
