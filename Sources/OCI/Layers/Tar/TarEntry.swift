package import Linux

/// One object of a layer, as a tar archive says it.
package struct TarEntry: Equatable {
    package enum Kind: Equatable {
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
    package var name: [UInt8]
    package var kind: Kind
    /// Permission and set-id bits.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Written in whole seconds, as by Docker, containerd and Buildah: fractions would cost a kilobyte for each entry.
    package var modified: Timestamp
    package var attributes: [Attribute] = []

    package struct Attribute: Equatable {
        package var name: [UInt8]
        package var value: [UInt8]
    }
}
