/// Names of annotations and labels that the image-spec defines (annotations.md).
public enum Annotation {
    public static let created = "org.opencontainers.image.created"
    public static let authors = "org.opencontainers.image.authors"
    public static let url = "org.opencontainers.image.url"
    public static let source = "org.opencontainers.image.source"
    public static let version = "org.opencontainers.image.version"
    public static let revision = "org.opencontainers.image.revision"
    public static let title = "org.opencontainers.image.title"
    public static let description = "org.opencontainers.image.description"
    /// The tag of a manifest in an image layout's index.
    public static let referenceName = "org.opencontainers.image.ref.name"
    public static let baseDigest = "org.opencontainers.image.base.digest"
    public static let baseName = "org.opencontainers.image.base.name"
}
