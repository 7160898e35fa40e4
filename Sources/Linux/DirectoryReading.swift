import CLinux

/// One entry as getdents64(2) gives it; the name is valid only during the callback.
public struct RawEntry {
    public let inode: UInt64
    /// DT_ value: the file type's bits shifted down by 12; 0 where the file system does not say.
    public let type: UInt8
    public let name: UnsafeBufferPointer<UInt8>

    /// The name with its NUL, as system calls take it.
    public var path: CPath {
        UnsafeRawPointer(name.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped)
            .assumingMemoryBound(to: CChar.self)
    }
}

extension FD {
    /// Calls `body` for each entry but "." and "..", until it returns false. The descriptor must be open for reading, at its start.
    ///
    /// - Throws: what getdents64(2) or `body` says.
    public func forEachEntry(_ body: (RawEntry) throws(Errno) -> Bool) throws(Errno) {
        let capacity = 64 * 1024
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        defer { buffer.deallocate() }
        while true {
            let count = Int(try check(cl_getdents64(raw, buffer, capacity)))
            if count == 0 { return }
            var offset = 0
            // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name.
            while offset + 19 <= count {
                let length = Int(buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
                if length < 20 || offset + length > count { throw Errno.io }
                let name = buffer.advanced(by: offset + 19).assumingMemoryBound(to: UInt8.self)
                var size = 0
                while size < length - 19, name[size] != 0 { size += 1 }
                let dots = size <= 2 && name[0] == 0x2e && (size == 1 || name[1] == 0x2e)
                if !dots, size > 0 {
                    let entry = RawEntry(
                        inode: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                        type: buffer.load(fromByteOffset: offset + 18, as: UInt8.self),
                        name: UnsafeBufferPointer(start: name, count: size))
                    if !(try body(entry)) { return }
                }
                offset += length
            }
        }
    }
}

extension FD {
    /// Removes everything beneath the directory `name`, then itself; what is already gone is no error.
    ///
    /// Depth costs descriptors one at a time: a directory is closed before its children are entered.
    public func removeTree(_ name: CPath) throws(Errno) {
        let first = cl_unlinkat(raw, name, 0)
        if first >= 0 || first == -2 { return }
        if first != -21 && first != -1 { throw Errno(0 &- first) }
        if cl_unlinkat(raw, name, 0x200) >= 0 { return }
        do {
            let directory = try open(name, [.readOnly, .directory, .noFollow])
            try directory.fd.removeContents()
        } catch Errno.access {
            try? setMode(name, 0o700)
            let directory = try open(name, [.readOnly, .directory, .noFollow])
            try directory.fd.removeContents()
        }
        try removeDirectory(name)
    }

    /// Removes everything in this directory, which must be open for reading.
    public func removeContents() throws(Errno) {
        var names: [[CChar]] = []
        try forEachEntry { entry in
            names.append(entry.name.map { CChar(bitPattern: $0) } + [0])
            return true
        }
        for name in names { try removeTree(name) }
    }
}
