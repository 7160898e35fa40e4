internal import CCompression
import Glibc
internal import Linux

/// Compresses a stream as one gzip member (RFC 1952) on several threads.
///
/// The stream is cut into blocks of ``blockSize`` bytes, whatever the threads; each is deflated on its own and ends on a
/// byte. So the bytes do not depend on how many threads there are, and any reader of gzip reads them. (Independent
/// members would be simpler, but not every reader goes on after the first.) A block finds nothing of the
/// one before it: at 512 KiB that costs about half a percent.
///
/// One thread owns the object; the workers see only ``slots``, under `monitor`.
final class BlockDeflater: @unchecked Sendable {
    static let blockSize = 512 << 10

    private struct Slot {
        let input: UnsafeMutableRawPointer
        let output: UnsafeMutableRawPointer
        var count = 0
        var last = false
        var done = false
        /// What ``cz_deflate`` returned.
        var written: Int64 = 0
        var crc: UInt32 = 0
    }

    private let level: Int
    private let monitor = Monitor()
    private let room = cz_deflate_bound(blockSize)
    /// Block `n` is in slot `n % slots.count`. A slot is its worker's between `taken` and `done`.
    private let slots: UnsafeMutableBufferPointer<Slot>
    /// Blocks handed to workers, begun by them, and written out. `monitor` guards the first two.
    private var submitted = 0
    private var taken = 0
    private var written = 0
    private var stopping = false
    private var threads: [pthread_t] = []
    private var crc: UInt32 = 0
    private var total: UInt64 = 0

    /// - Parameters:
    ///   - level: 1 is ISA-L's, 2 to 9 are zlib's.
    ///   - workers: at most 12 are used, which keeps all buffers under 16 MiB.
    init(level: Int, workers: Int) throws(LayerError) {
        self.level = level
        let workers = max(1, min(workers, 12))
        slots = .allocate(capacity: workers + 2)
        for index in slots.indices {
            slots.initializeElement(
                at: index,
                to: Slot(
                    input: .allocate(byteCount: Self.blockSize, alignment: 4096),
                    output: .allocate(byteCount: room, alignment: 4096)))
        }
        for _ in 0..<workers {
            var thread = pthread_t()
            let failed = pthread_create(
                &thread, nil,
                { raw in
                    guard let raw else { return nil }
                    Unmanaged<BlockDeflater>.fromOpaque(raw).takeUnretainedValue().work()
                    return nil
                }, Unmanaged.passUnretained(self).toOpaque())
            if failed == 0 { threads.append(thread) }
        }
        if threads.isEmpty { throw LayerError(.unavailable, "compress", "no thread can be started") }
    }

    deinit {
        stop()
        for slot in slots {
            slot.input.deallocate()
            slot.output.deallocate()
        }
        slots.deallocate()
    }

    /// Ends the threads. The workers hold no reference: they are gone before the object is.
    private func stop() {
        monitor.lock()
        stopping = true
        monitor.wakeAll()
        monitor.unlock()
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    /// The header of the member: no name, no time, and 255 for the system, which says nothing.
    static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]

    /// Where the next block goes, of ``blockSize`` bytes. Writes finished blocks to `sink` until one is free.
    func nextBlock(_ sink: (UnsafeRawBufferPointer) throws(LayerError) -> Void) throws(LayerError)
        -> UnsafeMutableRawPointer
    {
        while submitted - written >= slots.count { try writeOldest(sink) }
        return slots[submitted % slots.count].input
    }

    /// Hands the block from ``nextBlock(_:)`` to a worker, which reads it only: it may still be read here.
    func submit(count: Int, last: Bool) {
        monitor.lock()
        slots[submitted % slots.count].count = count
        slots[submitted % slots.count].last = last
        slots[submitted % slots.count].done = false
        submitted += 1
        monitor.wakeAll()
        monitor.unlock()
    }

    /// Writes what is left, and the trailer of the member.
    func finish(_ sink: (UnsafeRawBufferPointer) throws(LayerError) -> Void) throws(LayerError) {
        while written < submitted { try writeOldest(sink) }
        var trailer: [UInt8] = []
        for value in [crc, UInt32(truncatingIfNeeded: total)] {
            for shift in [0, 8, 16, 24] as [UInt32] { trailer.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        try trailer.withUnsafeBufferPointer { (bytes) throws(LayerError) in try sink(UnsafeRawBufferPointer(bytes)) }
    }

    private func writeOldest(_ sink: (UnsafeRawBufferPointer) throws(LayerError) -> Void) throws(LayerError) {
        monitor.lock()
        while !slots[written % slots.count].done { monitor.wait() }
        let slot = slots[written % slots.count]
        monitor.unlock()
        guard slot.written >= 0 else { throw LayerError(.unavailable, "compress", "the codec failed") }
        crc = cz_crc32_join(crc, slot.crc, UInt64(slot.count))
        total += UInt64(slot.count)
        try sink(UnsafeRawBufferPointer(start: slot.output, count: Int(slot.written)))
        written += 1
    }

    private func work() {
        let deflater = cz_deflater_new(Int32(level))
        defer { cz_deflater_free(deflater) }
        monitor.lock()
        while true {
            while taken == submitted, !stopping { monitor.wait() }
            if stopping { break }
            let index = taken % slots.count
            taken += 1
            let slot = slots[index]
            monitor.unlock()
            var result: Int64 = -12
            if let deflater {
                result = cz_deflate(deflater, slot.input, slot.count, slot.last ? 1 : 0, slot.output, room)
            }
            let crc = cz_crc32(0, slot.input, slot.count)
            monitor.lock()
            slots[index].written = result
            slots[index].crc = crc
            slots[index].done = true
            monitor.wakeAll()
        }
        monitor.unlock()
    }
}
