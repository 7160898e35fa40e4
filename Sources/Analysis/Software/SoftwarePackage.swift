public import OCI

/// A piece of software that an image holds, as somebody recorded it.
public struct SoftwarePackage: Sendable, Hashable {
    /// Who recorded it, by the type of its package URL.
    public enum Kind: String, Sendable, CaseIterable, Comparable {
        case deb, apk, rpm, pypi, npm, golang, cargo

        public static func < (one: Kind, other: Kind) -> Bool { one.rawValue < other.rawValue }
    }

    public let kind: Kind
    public let name: String
    /// Empty where none is recorded, as for a Go program built from a working tree.
    public let version: String
    /// Of packages for one architecture.
    public var architecture: String?
    /// The source package, where its name is another.
    public var source: String?
    /// As recorded, in no particular language.
    public var license: String?
    /// RPM's epoch.
    public var epoch: String?

    init(_ kind: Kind, _ name: String, _ version: String) {
        self.kind = kind
        self.name = name
        self.version = version
    }
}

/// A package with where it was found.
public struct FoundPackage: Sendable, Equatable {
    public let package: SoftwarePackage
    /// The file that says so, from the root without a leading slash.
    public let path: [UInt8]
    /// The layer that brought the package.
    public let layer: AuditFinding.LayerPlace
}

/// What software an image holds.
public struct SoftwareList: Sendable {
    /// As whoever asked called the image.
    public let title: String
    /// The digest of the image's configuration; nil for a container.
    public let image: Digest?
    /// By kind, name, version and path.
    public let packages: [FoundPackage]
    /// The distribution, by `ID` and `VERSION_ID` of os-release(5).
    public let distribution: (id: String, version: String)?
    /// What could not be read, in sentences.
    public let notes: [String]
}
