import CLinux
import Glibc
import Linux
import Synchronization

/// Idle processors poll for work instead of halting, while requests follow each other closely.
///
/// Where halting a virtual processor leaves the guest, waking it for an answer costs more than the answer. A guest's kernel
/// polls instead while somebody holds /dev/cpu_dma_latency at 0 (Documentation/power/pm_qos_interface.rst), which is
/// root's to ask for; the kernel takes the request back when the descriptor is closed, also when its process is killed.
/// It holds for every processor, so it is asked for on small guests only, and for no longer than requests keep coming.
final class IdlePolling: Sendable {
    /// -1 while nothing is asked for.
    private let request = Atomic<Int32>(-1)
    private let isAllowed: Atomic<Bool>

    /// More processors than this would burn more than is gained.
    private static let mostProcessors = 8
    /// So many requests must have come at once, each soon after the last, before it is asked for.
    static let threshold = 32
    /// How long it is held without a request, in nanoseconds.
    static let patience = 500_000
    /// So many requests in a row that come late end it too.
    static let mostLate = 8

    init(wanted: Bool) {
        isAllowed = Atomic(
            wanted && sysconf(Int32(_SC_NPROCESSORS_ONLN)) <= Self.mostProcessors && Self.haltingIsDear())
    }

    /// Whether the kernel runs as a guest that has its own way of polling: elsewhere a processor that sleeps lightly
    /// wakes as fast, and one that polls keeps the others from running faster.
    private static func haltingIsDear() -> Bool {
        let path = "/sys/devices/system/cpu/cpuidle/current_driver"
        guard let driver = try? FD.workingDirectory.contents(of: path, atMost: 64) else { return false }
        return driver.starts(with: "haltpoll".utf8)
    }

    var isHeld: Bool { request.load(ordering: .relaxed) >= 0 }

    func begin() {
        guard isAllowed.load(ordering: .relaxed), !isHeld else { return }
        var latency: Int32 = 0
        guard let file = try? FD.workingDirectory.open("/dev/cpu_dma_latency", .writeOnly),
            cl_write(file.raw, &latency, MemoryLayout<Int32>.size) > 0
        else { return isAllowed.store(false, ordering: .relaxed) }
        let raw = file.release()
        if !request.compareExchange(expected: -1, desired: raw, ordering: .relaxed).exchanged { _ = cl_close(raw) }
    }

    func end() {
        let raw = request.exchange(-1, ordering: .relaxed)
        if raw >= 0 { _ = cl_close(raw) }
    }
}
