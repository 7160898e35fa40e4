public import CLinux

/// Extended attributes of a name in this directory, never following it; an empty name is the descriptor's own object.
extension FD {
    /// getxattr(2): the value's size, or nil where the attribute is missing or the file system has none.
    @inlinable
    public func attribute(
        _ name: CPath, _ key: CPath, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int? {
        let result = cl_getxattrat(raw, name, key, buffer.baseAddress, buffer.count)
        if result == -61 || result == -95 { return nil }
        return try check(result)
    }

    /// The whole value, or nil where it is missing.
    public func attribute(_ name: CPath, _ key: CPath) throws(Errno) -> [UInt8]? {
        var size = 256
        while true {
            var value = [UInt8](repeating: 0, count: size)
            let result = value.withUnsafeMutableBytes { cl_getxattrat(raw, name, key, $0.baseAddress, $0.count) }
            if result == -61 || result == -95 { return nil }
            if result == -34, size < 65536 {
                size = 65536
                continue
            }
            value.removeLast(size - (try check(result)))
            return value
        }
    }

    /// listxattr(2): the names, each ended by NUL; empty where the file system has none.
    public func attributeNames(_ name: CPath) throws(Errno) -> [UInt8] {
        var size = 512
        while true {
            var list = [UInt8](repeating: 0, count: size)
            let result = list.withUnsafeMutableBytes {
                cl_listxattrat(raw, name, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
            if result == -95 { return [] }
            if result == -34, size < 65536 {
                size = 65536
                continue
            }
            list.removeLast(size - (try check(result)))
            return list
        }
    }

    @inlinable
    public func setAttribute(
        _ name: CPath, _ key: CPath, _ value: UnsafeRawBufferPointer, flags: Int32 = 0
    ) throws(Errno) {
        try check(cl_setxattrat(raw, name, key, value.baseAddress, value.count, flags))
    }

    public func setAttribute(_ name: CPath, _ key: CPath, _ value: [UInt8], flags: Int32 = 0) throws(Errno) {
        let result = value.withUnsafeBytes { cl_setxattrat(raw, name, key, $0.baseAddress, $0.count, flags) }
        try check(result)
    }

    @inlinable
    public func removeAttribute(_ name: CPath, _ key: CPath) throws(Errno) {
        try check(cl_removexattrat(raw, name, key))
    }
}
