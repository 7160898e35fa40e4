import CLinux
import Glibc
import Linux
import Synchronization

extension Union {
    /// Copies a file's content, and starts to write it to the disk: the journal of an ordered file system then puts the
    /// data before the name that follows, and a crash shows the lower's version or the whole copy, without waiting for
    /// the disk (SEMANTICS 5.2).
    func copyContent(of source: FD, size: UInt64, to copy: FD) throws(Errno) {
        let length = Int64(clamping: size)
        if size > 1 << 20 { onLongWork?() }
        if configuration.volatile { return try copy.copyData(from: source, size: length) }
        guard size >= Writeback.worthwhile, let writeback = Writeback.started(copy) else {
            try copy.copyData(from: source, size: length)
            if size > 0 { _ = cl_start_writeback(copy.raw, 0, 0) }
            return
        }
        defer { writeback.finish() }
        try copy.copyData(from: source, size: length) { writeback.copied(to: $0) }
        writeback.copied(to: .max)
    }
}

/// Hands a large copy to the disk while it grows, in a thread of its own: both take a processor's time.
private final class Writeback: Sendable {
    static let worthwhile: UInt64 = 16 << 20
    /// Pieces so large that the disk's work does not wait for ours, nor ours for the disk's.
    private static let piece: Int64 = 64 << 20

    private let file: Int32
    /// Up to where the copy is complete; `Int64.max` at its end, -1 where it failed.
    private let end = Atomic<Int64>(0)
    private let monitor = Monitor()
    private let thread: Atomic<UInt> = Atomic(0)

    private init(_ file: FD) { self.file = file.raw }

    static func started(_ file: FD) -> Writeback? {
        let writeback = Writeback(file)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(writeback).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Writeback>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        guard result == 0 else {
            Unmanaged<Writeback>.fromOpaque(context).release()
            return nil
        }
        writeback.thread.store(UInt(thread), ordering: .relaxed)
        return writeback
    }

    func copied(to offset: Int64) {
        if offset >= 0, offset - end.load(ordering: .relaxed) < Self.piece { return }
        monitor.lock()
        end.store(offset, ordering: .relaxed)
        monitor.wakeOne()
        monitor.unlock()
    }

    /// Waits until everything that was copied is on its way.
    func finish() {
        if end.load(ordering: .relaxed) != .max { copied(to: -1) }
        pthread_join(pthread_t(thread.load(ordering: .relaxed)), nil)
    }

    private func run() {
        var done: Int64 = 0
        while true {
            monitor.lock()
            while end.load(ordering: .relaxed) == done { monitor.wait() }
            let next = end.load(ordering: .relaxed)
            monitor.unlock()
            if next < 0 { return }
            _ = cl_start_writeback(file, done, next == .max ? 0 : next - done)
            if next == .max { return }
            done = next
        }
    }
}
