import CFuse
import CLinux
import Glibc
import Linux

/// Takes a file's pages to the kernel without copying them into this process (splice(2)): a large READ costs one copy
/// instead of two. Each worker has one.
struct DataPipe: ~Copyable {
    private let input: Descriptor
    private let output: Descriptor
    /// Pages of data that fit in beside the reply's header.
    private let pages: Int

    /// Below this copying is cheaper than two calls more.
    static let worthwhile = 32 << 10

    init?() {
        var ends: (Int32, Int32) = (-1, -1)
        let size = withUnsafeMutableBytes(of: &ends) {
            cl_pipe(1 << 20, $0.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        guard ends.0 >= 0 else { return nil }
        output = Descriptor(owning: ends.0)
        input = Descriptor(owning: ends.1)
        pages = max(0, Int(size)) / 4096 - 2
    }

    enum Outcome {
        /// The reply is sent.
        case sent
        /// So many bytes lie in the exchange's body, as if they had been read.
        case read(Int)
        /// Nothing happened.
        case refused
    }

    /// Answers a READ of `size` bytes at `offset`, of which the file has exactly `available`.
    func answer(
        _ exchange: borrowing Exchange, from file: FD, offset: Int64, available: Int, to device: Int32
    ) -> Outcome {
        guard available >= Self.worthwhile, available <= pages * 4096 else { return .refused }
        var head = fuse_out_header(
            len: UInt32(Exchange.header + available), error: 0, unique: exchange.head.unique)
        guard cl_write(input.raw, &head, Exchange.header) == Exchange.header else { return .refused }
        var position = offset
        var moved = 0
        while moved < available {
            let result = cl_splice(file.raw, &position, input.raw, available - moved)
            if result == -4 { continue }
            if result <= 0 { break }
            moved += Int(result)
        }
        let total = Exchange.header + moved
        if moved == available {
            if cl_splice(output.raw, nil, device, total) == Int64(total) { return .sent }
            // Interrupted, and nobody waits any more; or the kernel took none of it.
        }
        // The file is shorter by now, or the pages were not taken: what came through is an ordinary reply.
        var kept = 0
        while true {
            let result = cl_read(output.raw, exchange.output + kept, total - kept)
            if result == -4 { continue }
            if result <= 0 { break }
            kept += Int(result)
        }
        if kept == total { return .read(moved) }
        return kept == 0 && moved == available ? .sent : .read(0)
    }
}
