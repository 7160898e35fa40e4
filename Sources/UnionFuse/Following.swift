import CLinux
import Glibc
import Linux
import Synchronization

/// Keeps a worker on its client's processor: a wake-up across processors of a virtual machine costs more than the work.
struct Follower {
    private let sampler: ProcessorSampler?
    private var client: UInt32 = 0
    private var since = 0
    private var processor: UInt32 = .max

    init(_ sampler: ProcessorSampler?) { self.sampler = sampler }

    mutating func follow(_ pid: UInt32) {
        guard let sampler, pid != 0 else { return }
        if let found = sampler.processor(of: pid), found != processor {
            processor = found
            _ = cl_run_on(Int32(clamping: found))
        }
        since += 1
        if since < (pid == client ? 256 : 8) { return }
        since = 0
        client = pid
        sampler.ask(pid)
    }
}

/// Finds out on which processor a client runs, in a thread of its own: a process that is in execve(2) can wait for an
/// answer of ours, and whoever reads its /proc/PID/stat then waits for it.
final class ProcessorSampler: Sendable {
    /// The process asked for last; 0 when it was answered.
    private let asked = Atomic<UInt32>(0)
    /// The process in the upper half, its processor in the lower.
    private let found = Atomic<UInt64>(.max)
    private let monitor = Monitor()
    private let ended = Atomic<Bool>(false)

    /// nil where there is nothing to choose, or no thread.
    static func started() -> ProcessorSampler? {
        guard cl_processors() > 1 else { return nil }
        let sampler = ProcessorSampler()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(sampler).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ProcessorSampler>.fromOpaque(context).takeRetainedValue().sample()
                return nil
            }, context)
        guard result == 0 else {
            Unmanaged<ProcessorSampler>.fromOpaque(context).release()
            return nil
        }
        pthread_detach(thread)
        return sampler
    }

    @inline(__always)
    func processor(of pid: UInt32) -> UInt32? {
        let value = found.load(ordering: .relaxed)
        return UInt32(truncatingIfNeeded: value >> 32) == pid ? UInt32(truncatingIfNeeded: value) : nil
    }

    func ask(_ pid: UInt32) {
        monitor.lock()
        asked.store(pid, ordering: .relaxed)
        monitor.wakeAll()
        monitor.unlock()
    }

    /// Ends the thread, unless it hangs in a process that never answers.
    func end() {
        monitor.lock()
        ended.store(true, ordering: .relaxed)
        monitor.wakeAll()
        monitor.unlock()
    }

    private func sample() {
        while true {
            monitor.lock()
            while asked.load(ordering: .relaxed) == 0, !ended.load(ordering: .relaxed) { monitor.wait() }
            let pid = asked.exchange(0, ordering: .relaxed)
            monitor.unlock()
            if ended.load(ordering: .relaxed) { return }
            let processor = cl_processor_of(pid)
            if processor >= 0 {
                found.store(UInt64(pid) << 32 | UInt64(UInt32(bitPattern: processor)), ordering: .relaxed)
            }
        }
    }
}
