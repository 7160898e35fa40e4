import CLinux

/// An error number of Linux (errno(3)); the only error that file system code throws.
public struct Errno: Error, Equatable, Hashable, Sendable {
    public let code: Int32

    @inlinable
    public init(_ code: Int32) { self.code = code }

    public static let notPermitted = Errno(1)
    public static let noEntry = Errno(2)
    public static let noProcess = Errno(3)
    public static let interrupted = Errno(4)
    public static let io = Errno(5)
    public static let noDeviceOrAddress = Errno(6)
    public static let tooBig = Errno(7)
    public static let badDescriptor = Errno(9)
    public static let again = Errno(11)
    public static let noMemory = Errno(12)
    public static let access = Errno(13)
    public static let busy = Errno(16)
    public static let exists = Errno(17)
    public static let crossDevice = Errno(18)
    public static let noDevice = Errno(19)
    public static let notDirectory = Errno(20)
    public static let isDirectory = Errno(21)
    public static let invalid = Errno(22)
    public static let tooManyFiles = Errno(23)
    public static let tooManyDescriptors = Errno(24)
    public static let notTerminal = Errno(25)
    public static let fileTooBig = Errno(27)
    public static let noSpace = Errno(28)
    public static let readOnly = Errno(30)
    public static let tooManyLinks = Errno(31)
    public static let range = Errno(34)
    public static let nameTooLong = Errno(36)
    public static let notImplemented = Errno(38)
    public static let notEmpty = Errno(39)
    public static let loop = Errno(40)
    public static let noData = Errno(61)
    public static let overflow = Errno(75)
    public static let notSupported = Errno(95)
    public static let connectionAborted = Errno(103)
    public static let notConnected = Errno(107)
    public static let stale = Errno(116)
    public static let quota = Errno(122)
}

extension Errno: CustomStringConvertible {
    /// The C library's words for it, as other programs print them.
    public var description: String { cl_error_text(code).map { String(cString: $0) } ?? "error \(code)" }
}

/// Turns what a `cl_` function returned into a value or a thrown error.
@inlinable @inline(__always) @discardableResult
public func check(_ result: Int32) throws(Errno) -> Int32 {
    if result < 0 { throw Errno(0 &- result) }
    return result
}

/// See ``check(_:)-(Int32)``.
@inlinable @inline(__always) @discardableResult
public func check(_ result: Int64) throws(Errno) -> Int {
    if result < 0 { throw Errno(Int32(truncatingIfNeeded: 0 &- result)) }
    return Int(result)
}
