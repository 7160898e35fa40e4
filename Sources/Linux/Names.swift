public import CLinux

/// Calls on names in a directory: each is the system call of that name, errors thrown.
extension FD {
    @inlinable
    public func makeDirectory(_ name: CPath, mode: UInt32) throws(Errno) { try check(cl_mkdirat(raw, name, mode)) }

    @inlinable
    public func makeNode(_ name: CPath, mode: UInt32, device: UInt64) throws(Errno) {
        try check(cl_mknodat(raw, name, mode, device))
    }

    @inlinable
    public func makeSymlink(_ name: CPath, target: CPath) throws(Errno) { try check(cl_symlinkat(target, raw, name)) }

    @inlinable
    public func link(_ name: CPath, to directory: FD, _ newName: CPath) throws(Errno) {
        try check(cl_linkat(raw, name, directory.raw, newName, 0))
    }

    /// Gives this descriptor's object a name: for files opened with O_TMPFILE, or by any descriptor.
    public func linkSelf(to directory: FD, _ newName: CPath) throws(Errno) {
        let result = withProcPath { cl_linkat(-100, $0, directory.raw, newName, 0x400) }
        try check(result)
    }

    @inlinable
    public func unlink(_ name: CPath) throws(Errno) { try check(cl_unlinkat(raw, name, 0)) }

    @inlinable
    public func removeDirectory(_ name: CPath) throws(Errno) { try check(cl_unlinkat(raw, name, 0x200)) }

    @inlinable
    public func rename(_ name: CPath, to directory: FD, _ newName: CPath, flags: UInt32 = 0) throws(Errno) {
        try check(cl_renameat2(raw, name, directory.raw, newName, flags))
    }

    /// readlink(2): the target's length; an empty name is the descriptor's own symlink (O_PATH).
    @inlinable
    public func readLink(_ name: CPath, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        guard let base = buffer.baseAddress else { throw Errno.invalid }
        return try check(cl_readlinkat(raw, name, base.assumingMemoryBound(to: CChar.self), buffer.count))
    }

    @inlinable
    public func setMode(_ name: CPath, _ mode: UInt32) throws(Errno) { try check(cl_chmodat(raw, name, mode)) }

    /// chown(2); `UInt32.max` keeps the owner or group.
    @inlinable
    public func setOwner(_ name: CPath, uid: UInt32, gid: UInt32) throws(Errno) {
        try check(cl_chownat(raw, name, uid, gid))
    }

    @inlinable
    public func setTimes(_ name: CPath, access: Timestamp, modified: Timestamp) throws(Errno) {
        try check(
            cl_utimensat(raw, name, access.seconds, access.nanoseconds, modified.seconds, modified.nanoseconds))
    }

    /// Reopens the object of a descriptor, also of one opened with O_PATH or without a name.
    public func reopen(_ flags: OpenFlags) throws(Errno) -> Descriptor {
        let result = withProcPath { cl_openat(-100, $0, flags.subtracting(.noFollow).rawValue, 0) }
        return Descriptor(owning: try check(result))
    }

    /// The path of this descriptor in /proc.
    func withProcPath(_ body: (CPath) -> Int32) -> Int32 {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            guard let base = buffer.baseAddress else { return -12 }
            var length = 0
            for byte in "/proc/self/fd/".utf8 {
                base[length] = CChar(bitPattern: byte)
                length += 1
            }
            var digits = 1
            var scale: Int32 = 10
            while digits < 10, raw >= scale {
                digits += 1
                scale = digits < 10 ? scale &* 10 : scale
            }
            var rest = raw
            for position in stride(from: digits - 1, through: 0, by: -1) {
                base[length + position] = CChar(48 + rest % 10)
                rest /= 10
            }
            base[length + digits] = 0
            return body(base)
        }
    }
}

/// A time for utimensat(2); ``now`` and ``keep`` are UTIME_NOW and UTIME_OMIT.
public struct Timestamp: Equatable, Sendable {
    public var seconds: Int64
    public var nanoseconds: Int64

    @inlinable
    public init(seconds: Int64, nanoseconds: Int64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static let now = Timestamp(seconds: 0, nanoseconds: 0x3fff_ffff)
    public static let keep = Timestamp(seconds: 0, nanoseconds: 0x3fff_fffe)
}

extension [UInt8] {
    /// This path with its NUL, as system calls take it.
    public var cPath: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}
