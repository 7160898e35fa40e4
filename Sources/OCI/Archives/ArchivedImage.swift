/// An image that was found in an archive, its blobs kept.
public struct ArchivedImage: Equatable, Sendable {
    /// What it is called, in full; empty where the archive says nothing.
    public var names: [Reference]
    /// What a layout calls it where that is a tag alone (image-spec annotations.md, "ref.name").
    public var tags: [String] = []
    /// The manifest of the image.
    public let manifest: ContentDescriptor

    public init(names: [Reference], manifest: ContentDescriptor) {
        self.names = names
        self.manifest = manifest
    }
}
