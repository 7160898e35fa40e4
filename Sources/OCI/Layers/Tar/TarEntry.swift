public import Linux

/// One object of a layer, as a tar archive says it.
public struct TarEntry: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        case file(size: Int64)
        case directory
        case symlink(target: [UInt8])
        /// Another name of an entry before it.
        case hardLink(target: [UInt8])
        case characterDevice(DeviceNumber)
        case blockDevice(DeviceNumber)
        case fifo
    }

    /// From the root, without a leading or a trailing slash.
    public var name: [UInt8]
    public var kind: Kind
    /// Permission and set-id bits.
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
    /// Written in whole seconds, as by Docker, containerd and Buildah: fractions would cost a kilobyte for each entry.
    public var modified: Timestamp
    public var attributes: [Attribute] = []

    public struct Attribute: Equatable, Sendable {
        public var name: [UInt8]
        public var value: [UInt8]
    }
}
