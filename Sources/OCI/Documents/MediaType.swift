/// A media type (RFC 6838), with those that images are made of (image-spec media-types.md; Docker's image manifest, version 2 schema 2).
public struct MediaType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    public static let index = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    public static let manifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    public static let config = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    public static let layer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")
    public static let layerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
    public static let layerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")
    public static let empty = MediaType(rawValue: "application/vnd.oci.empty.v1+json")

    public static let dockerList = MediaType(rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
    public static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")
    public static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")
    public static let dockerLayer = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar")
    public static let dockerLayerGzip = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
    public static let dockerLayerZstd = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.zstd")

    private static let nondistributable = "application/vnd.oci.image.layer.nondistributable.v1."
    private static let dockerForeign = "application/vnd.docker.image.rootfs.foreign.diff."

    /// An index or a manifest list.
    public var isIndex: Bool { self == .index || self == .dockerList }
    /// The manifest of one image.
    public var isManifest: Bool { self == .manifest || self == .dockerManifest }
    public var isConfig: Bool { self == .config || self == .dockerConfig }
    /// Docker's own types, rather than OCI's.
    public var isDocker: Bool { rawValue.hasPrefix("application/vnd.docker.") }

    /// A layer of a root file system, whatever its compression.
    public var isLayer: Bool { layerSuffix != nil || isNondistributable }
    /// A layer that a registry need not hold: its descriptor says where it is.
    public var isNondistributable: Bool {
        rawValue.hasPrefix(Self.nondistributable) || rawValue.hasPrefix(Self.dockerForeign)
    }

    /// How the layer's tar is compressed, or nil for what is no layer of a known kind.
    public var compression: Compression? {
        guard let suffix = layerSuffix ?? foreignSuffix else { return nil }
        switch suffix {
        case "tar": return Compression.none
        case "tar+gzip", "tar.gzip": return .gzip
        case "tar+zstd", "tar.zstd": return .zstd
        default: return nil
        }
    }

    private var layerSuffix: String? {
        suffix("application/vnd.oci.image.layer.v1.", "application/vnd.docker.image.rootfs.diff.")
    }
    private var foreignSuffix: String? { suffix(Self.nondistributable, Self.dockerForeign) }

    private func suffix(_ prefixes: String...) -> String? {
        for prefix in prefixes where rawValue.hasPrefix(prefix) { return String(rawValue.dropFirst(prefix.count)) }
        return nil
    }

    /// The type of a layer compressed so.
    public static func layer(_ compression: Compression) -> MediaType {
        switch compression {
        case .none: return .layer
        case .gzip: return .layerGzip
        case .zstd: return .layerZstd
        }
    }

    /// The same thing among OCI's types, or itself.
    public var inOCI: MediaType { Self.pairs.first { $0.docker == self }?.oci ?? self }
    /// The same thing among Docker's types, or itself.
    public var inDocker: MediaType { Self.pairs.first { $0.oci == self }?.docker ?? self }

    private static let pairs: [(oci: MediaType, docker: MediaType)] = [
        (.index, .dockerList), (.manifest, .dockerManifest), (.config, .dockerConfig), (.layer, .dockerLayer),
        (.layerGzip, .dockerLayerGzip), (.layerZstd, .dockerLayerZstd),
    ]
}

/// How a blob's bytes are compressed.
public enum Compression: String, Sendable, CaseIterable {
    case none, gzip, zstd
}
