import Dockerfile
public import OCI

/// What `--build-context NAME=VALUE` puts in the place of an image or a stage.
public enum NamedContext: Equatable, Sendable {
    /// `docker-image://REFERENCE`
    case image(Reference)
    /// `oci-layout://PATH[:TAG][@DIGEST]`
    case layout(path: [UInt8], tag: String?, digest: Digest?)
    case git(GitReference)
    /// A tar archive behind an address.
    case address(Address)
    /// A directory of this machine.
    case directory([UInt8])

    /// - Throws: ``BuildError`` for a value that is none of these.
    public init(_ value: [UInt8]) throws(BuildError) {
        let text = String(decoding: value, as: UTF8.self)
        if let reference = text.after("docker-image://") {
            do throws(DocumentError) { self = .image(try Reference(reference)) } catch {
                throw BuildError("read build context", value, error.description)
            }
        } else if let rest = text.after("oci-layout://") {
            self = try Self.layout(rest, value)
        } else if let git = try GitReference(value) {
            self = .git(git)
        } else if text.after("http://") != nil || text.after("https://") != nil {
            guard let address = Address(text) else {
                throw BuildError("read build context", value, "it is no address, or holds a password")
            }
            self = .address(address)
        } else {
            guard !value.isEmpty else { throw BuildError("read build context: it is empty") }
            self = .directory(value)
        }
    }

    private static func layout(_ text: String, _ value: [UInt8]) throws(BuildError) -> NamedContext {
        var rest = text[...]
        var digest: Digest?
        var tag: String?
        do throws(DocumentError) {
            if let at = rest.lastIndex(of: "@") {
                digest = try Digest(rest[rest.index(after: at)...])
                rest = rest[..<at]
            }
        } catch {
            throw BuildError("read build context", value, error.description)
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        guard !rest.isEmpty else { throw BuildError("read build context", value, "it has no path") }
        return .layout(path: Array(rest.utf8), tag: tag, digest: digest)
    }

    /// What names in a Dockerfile and on the command line are compared by: an image's familiar name without `:latest`, or
    /// the text itself where it names no image.
    static func key(_ name: [UInt8]) -> String {
        let text = String(decoding: name, as: UTF8.self)
        guard let reference = try? Reference(text) else { return text }
        let familiar = reference.familiar
        return familiar.hasSuffix(":latest") ? String(familiar.dropLast(":latest".count)) : familiar
    }
}

extension String {
    /// What follows a prefix; nil when it is not there.
    func after(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
