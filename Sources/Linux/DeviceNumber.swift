/// The two numbers of a device, and how the kernel puts them into one (makedev(3)).
public struct DeviceNumber: Equatable, Sendable {
    public let major: UInt32
    public let minor: UInt32

    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    public init(_ raw: UInt64) {
        major = UInt32(truncatingIfNeeded: raw >> 8 & 0xfff | raw >> 32 & ~0xfff)
        minor = UInt32(truncatingIfNeeded: raw & 0xff | raw >> 12 & ~0xff)
    }

    public var raw: UInt64 {
        UInt64(major & 0xfff) << 8 | UInt64(major & ~0xfff) << 32 | UInt64(minor & 0xff) | UInt64(minor & ~0xff) << 12
    }
}
