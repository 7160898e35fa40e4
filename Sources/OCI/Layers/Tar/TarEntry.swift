internal import Linux

/// One object of a layer, as a tar archive says it.
struct TarEntry: Equatable {
    enum Kind: Equatable {
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
    var name: [UInt8]
    var kind: Kind
    /// Permission and set-id bits.
    var mode: UInt32
    var uid: UInt32
    var gid: UInt32
    /// Written in whole seconds, as by Docker, containerd and Buildah: fractions would cost a kilobyte for each entry.
    var modified: Timestamp
    var attributes: [Attribute] = []

    struct Attribute: Equatable {
        var name: [UInt8]
        var value: [UInt8]
    }
}
