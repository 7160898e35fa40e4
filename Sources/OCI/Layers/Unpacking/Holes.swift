import Glibc
internal import Linux

extension FD {
    /// Writes data but for long runs of zeros, which stay holes of a new file.
    ///
    /// - Returns: the offset behind the last byte that was written.
    func writeData(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) -> Int64 {
        // Shorter holes cost more in extents than they save in blocks.
        let run = 64 * 1024
        var start = 0
        var end: Int64 = 0
        var position = 0
        while bytes.count - position >= run {
            guard isZero(UnsafeRawBufferPointer(rebasing: bytes[position..<position + run])) else {
                position += run
                continue
            }
            if position > start { end = try write(bytes, start..<position, offset) }
            position += run
            start = position
        }
        if bytes.count > start { end = try write(bytes, start..<bytes.count, offset) }
        return end
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ offset: Int64) throws(Errno) -> Int64 {
        try writeAll(UnsafeRawBufferPointer(rebasing: bytes[range]), at: offset + Int64(range.lowerBound))
        return offset + Int64(range.upperBound)
    }

    private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes[0] == 0 else { return false }
        return memcmp(base, base + 1, bytes.count - 1) == 0
    }
}
