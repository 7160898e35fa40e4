public import CLinux

/// A file descriptor that somebody else owns: valid only while the owner lives.
public struct FD: Equatable, Sendable {
    public let raw: Int32

    @inlinable
    public init(_ raw: Int32) { self.raw = raw }

    /// The working directory, for calls that take a directory and a path.
    public static let workingDirectory = FD(-100)
}

/// A file descriptor that closes itself.
@frozen
public struct Descriptor: ~Copyable, Sendable {
    public let raw: Int32

    /// Takes ownership of `raw`, which must be open and nobody else's.
    @inlinable
    public init(owning raw: Int32) { self.raw = raw }

    @inlinable
    deinit { if raw >= 0 { _ = cl_close(raw) } }

    @inlinable
    public var fd: FD { FD(raw) }

    /// Gives the descriptor away; the caller closes it.
    @inlinable
    public consuming func release() -> Int32 {
        let value = raw
        discard self
        return value
    }
}

/// Flags of open(2), as bits.
public struct OpenFlags: OptionSet, Sendable {
    public let rawValue: Int32

    @inlinable
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let readOnly: OpenFlags = []
    public static let writeOnly = OpenFlags(rawValue: 1)
    public static let readWrite = OpenFlags(rawValue: 2)
    public static let create = OpenFlags(rawValue: 0o100)
    public static let exclusive = OpenFlags(rawValue: 0o200)
    public static let noControllingTerminal = OpenFlags(rawValue: 0o400)
    public static let truncate = OpenFlags(rawValue: 0o1000)
    public static let nonBlocking = OpenFlags(rawValue: 0o4000)
    public static let directory = OpenFlags(rawValue: 0o200000)
    public static let noFollow = OpenFlags(rawValue: 0o400000)
    public static let noAccessTime = OpenFlags(rawValue: 0o1000000)
    public static let path = OpenFlags(rawValue: 0o10000000)
    public static let temporary = OpenFlags(rawValue: 0o20200000)

    /// O_WRONLY or O_RDWR.
    @inlinable
    public var writes: Bool { rawValue & 3 != 0 }
}

/// How openat2(2) resolves a path.
public struct Resolve: OptionSet, Sendable {
    public let rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let noCrossing = Resolve(rawValue: 0x01)
    public static let noMagicLinks = Resolve(rawValue: 0x02)
    public static let noSymlinks = Resolve(rawValue: 0x04)
    public static let beneath = Resolve(rawValue: 0x08)
    /// The directory is `/` for the whole path, symlinks included.
    public static let inRoot = Resolve(rawValue: 0x10)

    /// Nothing inside a layer leads outside it (SEMANTICS 1.4).
    public static let layer: Resolve = [.beneath, .noSymlinks, .noCrossing, .noMagicLinks]
}

/// A name or path that ends in NUL, as the kernel takes it.
public typealias CPath = UnsafePointer<CChar>

extension FD {
    /// openat(2), close-on-exec always.
    @inlinable
    public func open(_ path: CPath, _ flags: OpenFlags, mode: UInt32 = 0) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(cl_openat(raw, path, flags.rawValue, mode)))
    }

    /// openat2(2) beneath this directory; ENOSYS before Linux 5.6.
    @inlinable
    public func open(_ path: CPath, _ flags: OpenFlags, resolve: Resolve) throws(Errno) -> Descriptor {
        Descriptor(
            owning: try check(
                cl_openat2(raw, path, UInt64(UInt32(bitPattern: flags.rawValue)), 0, resolve.rawValue)))
    }

    /// statx(2) without following a symlink; an empty path is the descriptor's own object.
    @inlinable
    public func status(_ path: CPath, birth: Bool = false) throws(Errno) -> Status {
        var status = Status()
        let flags: Int32 = 0x100 | 0x800 | (path.pointee == 0 ? 0x1000 : 0)
        // STATX_BASIC_STATS | STATX_MNT_ID, and STATX_BTIME on demand.
        try check(cl_statx(raw, path, flags, 0x7ff | 0x1000 | (birth ? 0x800 : 0), &status))
        return status
    }

    /// statx(2) of the descriptor's own object.
    @inlinable
    public func status(birth: Bool = false) throws(Errno) -> Status {
        var empty: CChar = 0
        return try withUnsafePointer(to: &empty) { (path) throws(Errno) in try status(path, birth: birth) }
    }

    /// statfs(2) of the file system that holds the object.
    public func fileSystem() throws(Errno) -> cl_statfs {
        var out = cl_statfs()
        try check(cl_fstatfs(raw, &out))
        return out
    }
}

/// What statx(2) says of an object.
public typealias Status = cl_stat

extension cl_stat {
    @inlinable public var type: UInt32 { mode & 0o170000 }
    @inlinable public var isDirectory: Bool { type == 0o040000 }
    @inlinable public var isRegular: Bool { type == 0o100000 }
    @inlinable public var isSymlink: Bool { type == 0o120000 }
    /// The kernel's whiteout: a character device 0/0 (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
    @inlinable public var isWhiteout: Bool { type == 0o020000 && rdev == 0 }
}
