/// An image that was found in an archive, its blobs kept.
public struct ArchivedImage: Equatable, Sendable {
    /// What it is called, in full; empty where the archive says nothing.
    public var names: [Reference]
    /// The manifest of the image.
    public let manifest: ContentDescriptor

    public init(names: [Reference], manifest: ContentDescriptor) {
        self.names = names
        self.manifest = manifest
    }
}
