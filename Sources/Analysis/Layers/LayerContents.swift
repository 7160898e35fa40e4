public import OCI

/// A layer that was read through: its entries without their data.
public struct LayerContents: Sendable {
    public let layer: OpenedLayer
    /// In the order of the tar; a path may come more than once.
    public let entries: [LayerEntry]
    public let tarSize: Int64
    /// Bytes of the blob as it is stored.
    public let blobSize: Int64
    /// The digest of the tar, as found: the layer's diff id.
    public let diffID: Digest
    /// Bytes of all files, each as often as it is in the tar.
    public var fileSize: Int64 { entries.reduce(0) { $0 &+ $1.size } }
}
