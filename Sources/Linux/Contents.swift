import CLinux

extension FD {
    /// All bytes of the file of a path.
    ///
    /// - Throws: EFBIG for a file of more than `limit` bytes, otherwise what the system says.
    public func contents(of path: CPath, atMost limit: Int) throws(Errno) -> [UInt8] {
        let file = try open(path, .readOnly)
        return try file.fd.remainder(atMost: limit)
    }

    /// The bytes of this file from where it stands to its end.
    ///
    /// - Throws: EFBIG for more than `limit` bytes, otherwise what the system says.
    public func remainder(atMost limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let result = buffer.withUnsafeMutableBytes { cl_read(raw, $0.baseAddress, $0.count) }
            if result == -4 { continue }
            let count = try check(result)
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw .fileTooBig }
            bytes += buffer[..<count]
        }
    }

    /// read(2), again after an interruption: 0 at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        while true {
            let result = cl_read(raw, buffer.baseAddress, buffer.count)
            if result != -4 { return try check(result) }
        }
    }
}
