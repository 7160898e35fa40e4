/// A manifest or an index as a registry holds it: exactly these bytes have this digest.
public struct FetchedManifest: Equatable, Sendable {
    public let descriptor: ContentDescriptor
    public let bytes: [UInt8]
}

/// What a manifest is asked for by.
public enum ManifestName: Equatable, Sendable, CustomStringConvertible {
    case tag(String)
    case digest(Digest)

    public var description: String {
        switch self {
        case .tag(let tag): return tag
        case .digest(let digest): return digest.description
        }
    }
}

extension Reference {
    /// The digest where there is one, otherwise the tag, otherwise `latest`.
    public var manifestName: ManifestName { digest.map { .digest($0) } ?? .tag(tag ?? Self.defaultTag) }
}

extension Repository {
    private static let accepted = [MediaType.index, .dockerList, .manifest, .dockerManifest]

    private static let accept: Headers = ["Accept": accepted.map(\.rawValue).joined(separator: ", ")]

    /// The manifest or index of a name (distribution-spec, "Pulling Manifests"). Its digest is verified: the one asked for, or
    /// the one that the registry states.
    ///
    /// - Parameter size: bytes that it must have, where a descriptor says so.
    /// - Throws: ``RegistryError``; `wrongDigest` for other content, `tooLarge` above ``documentLimit``.
    public func manifest(_ name: ManifestName, size: Int64? = nil) async throws(RegistryError) -> FetchedManifest {
        try await doing("pull manifest \(name)") { () async throws(RegistryFailure) in
            if let size, size > Self.documentLimit { throw .tooLarge(limit: Self.documentLimit) }
            let (head, bytes) = try await completely(name)
            if let size, size != Int64(bytes.count) { throw .wrongSize(Int64(bytes.count), expected: size) }
            let stated = Self.digest(head)
            var expected = stated
            if case .digest(let digest) = name { expected = digest }
            let actual = try Self.digest(of: bytes, expected?.algorithm ?? .sha256)
            guard expected == nil || expected == actual else { throw .wrongDigest(actual) }
            let type = try Self.type(head, bytes)
            return FetchedManifest(
                descriptor: ContentDescriptor(mediaType: type, digest: actual, size: Int64(bytes.count)), bytes: bytes)
        }
    }

    /// A manifest that is cut is asked for again: it is small.
    private func completely(_ name: ManifestName) async throws(RegistryFailure) -> (ResponseHead, [UInt8]) {
        var attempt = 1
        while true {
            let response = try await expecting(
                [200],
                try await registry.send(.get, path("manifests/\(name)"), headers: Self.accept, scopes: scope(.pull)))
            do throws(RegistryFailure) { return (response.head, try await Self.document(response)) } catch {
                guard case .transfer(let cause) = error, cause.passes,
                    let pause = registry.client.retries.pause(after: attempt)
                else { throw error }
                try await Self.wait(pause)
            }
            attempt += 1
        }
    }

    static func wait(_ pause: Duration) async throws(RegistryFailure) {
        do { try await Task.sleep(for: pause) } catch { throw .transfer(TransferError(.cancelled, "cancelled")) }
    }

    private static func digest(_ head: ResponseHead) -> Digest? {
        head.headers["Docker-Content-Digest"].flatMap { try? Digest($0) }
    }

    static func digest(of bytes: [UInt8], _ algorithm: Digest.Algorithm) throws(RegistryFailure) -> Digest {
        do throws(DigestError) { return try Digest(of: bytes, algorithm) } catch { throw .local("\(error)") }
    }

    /// What the answer says it is; what the document says of itself must be the same (CVE-2021-41190).
    private static func type(_ head: ResponseHead, _ bytes: [UInt8]) throws(RegistryFailure) -> MediaType {
        let header = head.headers["Content-Type"]?.split(separator: ";").first.map { $0.filter { $0 != " " } }
        var said: String?
        var looksLikeIndex = false
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(bytes))
            said = try fields.string("mediaType")
            looksLikeIndex = fields.any("manifests") != nil
        } catch {
            throw .document(error.inside("manifest"))
        }
        let fromHeader = header.map { MediaType(rawValue: $0) }.flatMap { accepted.contains($0) ? $0 : nil }
        if let fromHeader {
            guard said == nil || said == fromHeader.rawValue else {
                throw .answer("it sends \(fromHeader) that says it is \(printable(said ?? ""))")
            }
            return fromHeader
        }
        if let said, accepted.contains(MediaType(rawValue: said)) { return MediaType(rawValue: said) }
        // Registries of static files know no types.
        let isPlain =
            header == nil || header == "application/json" || header == "text/plain"
            || header == "application/octet-stream"
        guard isPlain, said == nil else {
            throw .answer("a manifest of type \(printable(said ?? header ?? "")) is not read here")
        }
        return looksLikeIndex ? .index : .manifest
    }

    /// Whether there is a manifest under a name, and which; nothing is read (distribution-spec, "Checking if content exists").
    ///
    /// - Returns: nil where there is none; the digest where the registry states it.
    public func manifestDigest(_ name: ManifestName) async throws(RegistryError) -> Digest?? {
        try await doing("look up manifest \(name)") { () async throws(RegistryFailure) in
            let response = try await registry.send(
                .head, path("manifests/\(name)"), headers: Self.accept, scopes: scope(.pull))
            if response.head.status == 404 { return nil }
            return .some(Self.digest(try await expecting([200], response).head))
        }
    }

    /// Puts a manifest or an index under a name, after the blobs that it names (distribution-spec, "Pushing Manifests").
    public func push(
        manifest bytes: [UInt8], _ type: MediaType, as name: ManifestName
    ) async throws(RegistryError) {
        try await doing("push manifest \(name)") { () async throws(RegistryFailure) in
            let response = try await expecting(
                [201],
                try await registry.send(
                    .put, path("manifests/\(name)"), headers: ["Content-Type": type.rawValue], payload: .bytes(bytes),
                    scopes: scope(.push)))
            if let stated = Self.digest(response.head) {
                let actual = try Self.digest(of: bytes, stated.algorithm)
                guard stated == actual else { throw .wrongDigest(stated) }
            }
        }
    }

    /// Deletes a manifest with every tag that leads to it, or a tag alone where the registry can.
    public func delete(manifest name: ManifestName) async throws(RegistryError) {
        try await doing("delete manifest \(name)") { () async throws(RegistryFailure) in
            _ = try await expecting(
                [200, 202], try await registry.send(.delete, path("manifests/\(name)"), scopes: scope(.delete)))
        }
    }
}
