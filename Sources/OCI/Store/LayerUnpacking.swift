import Glibc
internal import Linux

/// Layers on their way from blobs to directories: several at once, each on a thread of its own, and all published
/// together, since bringing them to the disk costs the same for one as for many.
///
/// ``add(_:as:)`` may be called as blobs come; ``finish()`` waits for them. Without it nothing becomes a layer.
public final class LayerUnpacking: Sendable {
    private let store: Store
    private let lease: Lease
    private let limits: LayerLimits
    private let observer: TransferObserver
    private let width: Int
    private let state = Locked(State())

    private struct State {
        var waiting: [(blob: ContentDescriptor, diffID: Digest)] = []
        /// Layers that were added, each once.
        var known: Set<Digest> = []
        var done: [Store.LooseLayer] = []
        var failure: StoreError?
        /// Threads that look for work.
        var running = 0
        /// Threads that were started and not joined.
        var threads: [pthread_t] = []
    }

    /// - Parameters:
    ///   - lease: gets hold of what is added, and of its blobs.
    ///   - width: layers that are unpacked at the same time; one for each processor otherwise.
    ///   - observer: told of each blob how much of it is unpacked.
    public init(
        _ store: Store, _ lease: Lease, limits: LayerLimits = LayerLimits(), width: Int? = nil,
        observer: @escaping TransferObserver = { _ in }
    ) {
        self.store = store
        self.lease = lease
        self.limits = limits
        self.observer = observer
        self.width = max(1, min(width ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), 16))
    }

    /// A layer whose blob is complete; nothing is done for one that is unpacked, or was added before. Does not wait.
    public func add(_ blob: ContentDescriptor, as diffID: Digest) {
        guard state.withLock({ $0.known.insert(diffID).inserted }) else { return }
        do throws(StoreError) { try lease.hold([blob.digest, diffID]) } catch { return fail(error) }
        guard !store.hasLayer(diffID) else { return observer(TransferProgress(blob: blob, state: .existed)) }
        observer(TransferProgress(blob: blob, state: .waiting))
        let starts = state.withLock { state in
            state.waiting.append((blob, diffID))
            guard state.running < width else { return false }
            state.running += 1
            return true
        }
        if starts { start() }
    }

    /// All layers of an image, but for what is of no type of layer: an artifact may be called one.
    public func add(_ image: Store.Image) {
        for (blob, diffID) in zip(image.manifest.layers, image.config.diffIDs) where blob.mediaType.isLayer {
            add(blob, as: diffID)
        }
    }

    /// All layers of a manifest, unless it is an artifact's.
    public func add(manifest: ContentDescriptor) throws(StoreError) {
        guard try store.document(ImageManifest.self, manifest).config.mediaType.isConfig else { return }
        add(try store.load(manifest))
    }

    private func start() {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<LayerUnpacking>.fromOpaque(context).takeRetainedValue().work() }
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.release()
            // The work is done all the same: by this thread.
            return work()
        }
        let handle = thread
        state.withLock { $0.threads.append(handle) }
    }

    private func work() {
        while let (blob, diffID) = next() {
            do throws(StoreError) {
                let layer = try store.extract(blob, as: diffID, lease, limits) { [observer] bytes in
                    observer(TransferProgress(blob: blob, state: .moving(bytes)))
                }
                state.withLock { $0.done.append(layer) }
                observer(TransferProgress(blob: blob, state: .done))
            } catch {
                fail(error)
            }
        }
    }

    /// What to do next; a thread that gets nothing is counted out.
    private func next() -> (blob: ContentDescriptor, diffID: Digest)? {
        state.withLock { state in
            guard state.failure == nil, !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    private func fail(_ error: StoreError) { state.withLock { if $0.failure == nil { $0.failure = error } } }

    /// Waits for all that was added, and publishes it.
    ///
    /// - Throws: ``StoreError``, the first one; then no layer is new.
    public func finish() throws(StoreError) {
        while let thread = state.withLock({ $0.threads.popLast() }) { pthread_join(thread, nil) }
        let (layers, failure) = state.withLock { state in
            defer { state.done = [] }
            return (state.done, state.failure)
        }
        if let failure { throw failure }
        try store.publish(layers)
    }
}

extension Store {
    /// The directories of an image's layers from top to bottom, as a mount takes its lowers; those that are missing are unpacked.
    /// Of a layer that comes twice only the upper one is there: it shows everything that the lower one has.
    ///
    /// - Parameters:
    ///   - lease: keeps the layers for as long as it lives, whatever happens to the image.
    ///   - observer: told of each blob how much of it is unpacked.
    /// - Throws: ``StoreError``; then no layer is new.
    public func unpacked(
        _ image: Image, _ lease: Lease, limits: LayerLimits = LayerLimits(),
        observer: @escaping TransferObserver = { _ in }
    ) throws(StoreError) -> [[UInt8]] {
        let unpacking = LayerUnpacking(self, lease, limits: limits, observer: observer)
        unpacking.add(image)
        try unpacking.finish()
        for (blob, diffID) in zip(image.manifest.layers, image.config.diffIDs) where !hasLayer(diffID) {
            throw StoreError(
                .missing, "unpack image \(image.descriptor.digest): \(printable(blob.mediaType.rawValue)) is no layer")
        }
        var seen: Set<Digest> = []
        return image.config.diffIDs.reversed().filter { seen.insert($0).inserted }.map { layerPath($0) }
    }
}
