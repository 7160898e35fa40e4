import CLinux

extension FD {
    /// Copies the data of `source` into this empty file: shared extents where the file system can, otherwise
    /// extent by extent, so that holes stay holes (SEMANTICS 5.3). Ends with this file at `size` bytes.
    ///
    /// `progress` is told now and then up to where this file is complete.
    /// - Throws: ENOSPC, EDQUOT or EIO as the file systems say, or what `progress` throws; the file then holds a part.
    public func copyData(
        from source: FD, size: Int64, progress: (Int64) throws(Errno) -> Void = { _ in }
    ) throws(Errno) {
        if size == 0 { return }
        if cl_reflink(raw, source.raw) >= 0 { return }
        try check(cl_ftruncate(raw, size))
        var offset: Int64 = 0
        while offset < size {
            let start = cl_lseek(source.raw, offset, 3)
            if start == -6 { break }
            // A file system without SEEK_DATA is all data.
            let from = start < 0 ? offset : start
            let hole = start < 0 ? -22 : cl_lseek(source.raw, from, 4)
            let to = hole < 0 ? size : min(hole, size)
            try copyExtent(from: source, range: from..<max(from, to), progress)
            offset = max(to, from + 1)
        }
    }

    private func copyExtent(
        from source: FD, range: Range<Int64>, _ progress: (Int64) throws(Errno) -> Void
    ) throws(Errno) {
        try reserve(range)
        var input = range.lowerBound
        var output = range.lowerBound
        while input < range.upperBound {
            let count = Int(min(range.upperBound - input, 1 << 22))
            let copied = cl_copy_file_range(source.raw, &input, raw, &output, count)
            if copied > 0 {
                try progress(output)
                continue
            }
            if copied == 0 { return }
            switch Errno(Int32(truncatingIfNeeded: 0 &- copied)) {
            case .crossDevice, .notSupported, .invalid, .notImplemented, .isDirectory:
                return try copyBytes(from: source, range: input..<range.upperBound, progress)
            case .interrupted: continue
            case let error: throw error
            }
        }
    }

    /// Room for a large extent at once: it is laid out in one piece, each page costs less to write afterwards, and a full
    /// disk is known before anything is copied.
    private func reserve(_ range: Range<Int64>) throws(Errno) {
        guard range.count >= 1 << 20 else { return }
        do throws(Errno) {
            try check(cl_fallocate(raw, 0, range.lowerBound, range.upperBound - range.lowerBound))
        } catch {
            if error == .noSpace || error == .quota { throw error }
        }
    }

    private func copyBytes(
        from source: FD, range: Range<Int64>, _ progress: (Int64) throws(Errno) -> Void
    ) throws(Errno) {
        let capacity = 256 * 1024
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(Int64(capacity), range.upperBound - offset))
            let count = try check(cl_pread(source.raw, buffer, wanted, offset))
            if count == 0 { return }
            try writeAll(UnsafeRawBufferPointer(start: buffer, count: count), at: offset)
            offset += Int64(count)
            try progress(offset)
        }
    }

    /// Writes all of `bytes` at `offset`, or throws.
    public func writeAll(_ bytes: [UInt8], at offset: Int64 = 0) throws(Errno) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(Errno) in
            try writeAll(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    /// Writes all of `bytes` at `offset`, or throws.
    public func writeAll(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let result = cl_pwrite(raw, base + done, bytes.count - done, offset + Int64(done))
            if result == -4 { continue }
            let count = try check(result)
            if count == 0 { throw Errno.io }
            done += count
        }
    }
}
