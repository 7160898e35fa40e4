/// The name of an image as its user writes it: `busybox`, `localhost:5000/team/app:1.2`, `busybox@sha256:…`
/// (github.com/distribution/reference, reference.go and normalize.go).
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// `docker.io`, or a host with an optional port; IPv6 in brackets.
    public let registry: String
    /// The path in the registry; `library/` added for Docker's own.
    public let repository: String
    public let tag: String?
    public let digest: Digest?

    public static let defaultRegistry = "docker.io"
    public static let defaultTag = "latest"

    /// - Throws: ``DocumentError`` that says which part is wrong.
    public init(_ text: String) throws(DocumentError) {
        do throws(DocumentError) { try self.init(checking: text) } catch {
            throw error.inside("reference \"\(printable(text))\"")
        }
    }

    /// - Throws: ``DocumentError`` when the whole would not be a reference.
    public init(registry: String, repository: String, tag: String? = nil, digest: Digest? = nil) throws(DocumentError) {
        let parts = ["\(registry)/\(repository)", tag.map { ":\($0)" }, digest.map { "@\($0)" }]
        let result = try Reference(parts.compactMap(\.self).joined())
        guard result.tag == tag, result.digest == digest, result.registry == registry else {
            throw DocumentError(
                subject: "reference \"\(printable(registry))/\(printable(repository))\"",
                cause: "not a registry and a repository")
        }
        self = result
    }

    private init(checking text: String) throws(DocumentError) {
        var rest = text[...]
        guard !rest.isEmpty else { throw DocumentError(cause: "empty") }
        var digest: Digest?
        if let at = rest.lastIndex(of: "@") {
            digest = try Digest(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        if let tag, !Self.isTag(tag) {
            throw DocumentError(
                cause:
                    "tag \"\(printable(tag))\": letters, digits, _ . - are allowed, 128 at most, the first neither . nor -"
            )
        }
        if tag == nil, digest == nil, Self.isHash(rest) {
            throw DocumentError(cause: "64 hexadecimal digits name an image's id, not a repository")
        }
        let (registry, repository) = Self.split(rest)
        guard Self.isDomain(registry) else {
            throw DocumentError(cause: "\"\(printable(registry))\" is no host, or host:port")
        }
        guard Self.isPath(repository) else {
            let hint = repository.lowercased() == repository ? "" : "; a repository has no capital letters"
            throw DocumentError(cause: "\"\(printable(repository))\" is no repository\(hint)")
        }
        guard repository.utf8.count <= 255 else {
            throw DocumentError(cause: "a repository has 255 characters at most")
        }
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// The first part is a host when it has a dot, a colon or capitals, or is `localhost`; otherwise all is Docker Hub's.
    private static func split(_ name: Substring) -> (registry: String, repository: String) {
        var registry = defaultRegistry
        var repository = String(name)
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            if first.contains(where: { $0 == "." || $0 == ":" }) || first == "localhost" || first.lowercased() != first
            {
                registry = first == "index.docker.io" ? defaultRegistry : String(first)
                repository = String(name[name.index(after: slash)...])
            }
        }
        if registry == defaultRegistry, !repository.contains("/") { repository = "library/\(repository)" }
        return (registry, repository)
    }

    /// With the tag `latest` where there is neither tag nor digest.
    public var tagged: Reference { tag == nil && digest == nil ? with(tag: Self.defaultTag) : self }

    /// The same repository under a digest and no tag.
    public func with(digest: Digest) -> Reference {
        Reference(registry: registry, repository: repository, checkedTag: nil, digest: digest)
    }

    private func with(tag: String) -> Reference {
        Reference(registry: registry, repository: repository, checkedTag: tag, digest: digest)
    }

    private init(registry: String, repository: String, checkedTag: String?, digest: Digest?) {
        self.registry = registry
        self.repository = repository
        tag = checkedTag
        self.digest = digest
    }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// In full: `docker.io/library/busybox:latest`.
    public var description: String { "\(registry)/\(repository)\(suffix)" }

    /// As people write it: `busybox:latest`.
    public var familiar: String {
        guard registry == Self.defaultRegistry else { return description }
        let official = "library/"
        let own = repository.hasPrefix(official) && !repository.dropFirst(official.count).contains("/")
        return (own ? String(repository.dropFirst(official.count)) : repository) + suffix
    }
}
