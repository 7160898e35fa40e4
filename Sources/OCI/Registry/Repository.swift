/// One repository of a registry: manifests, blobs and tags under a name.
public struct Repository: Sendable {
    public let registry: Registry
    /// `library/busybox`, without the registry.
    public let name: String

    var place: String { "\(registry.name)/\(name)" }

    func path(_ rest: String) -> String { "\(name)/\(rest)" }

    func scope(_ access: Scope.Access) -> [Scope] { [Scope(repository: name, access: access)] }

    /// Gives a failure its place.
    func doing<Result>(
        _ action: String, _ body: () async throws(RegistryFailure) -> Result
    ) async throws(RegistryError) -> Result {
        do throws(RegistryFailure) { return try await body() } catch {
            throw RegistryError(action: action, place: place, reason: error)
        }
    }

    /// The answer to a request that is to succeed.
    func expecting(
        _ statuses: Set<Int>, _ response: Response
    ) async throws(RegistryFailure) -> Response {
        guard statuses.contains(response.head.status) else { throw await .reading(response) }
        return response
    }

    // MARK: Tags

    /// Every tag, in the registry's order (distribution-spec, "Listing Tags").
    public func tags() async throws(RegistryError) -> [String] {
        try await doing("list tags") { () async throws(RegistryFailure) in
            var tags: [String] = []
            var seen: Set<Address> = []
            var next: Response? = try await registry.send(.get, path("tags/list?n=1000"), scopes: scope(.pull))
            while let response = next {
                // A registry that leads in a circle, or never to an end.
                guard seen.insert(response.address).inserted, seen.count <= 1000 else {
                    throw .answer("its pages of tags do not end")
                }
                tags += try await page(try await expecting([200], response))
                guard tags.count <= 1_000_000 else { throw .answer("it has more than a million tags") }
                next = nil
                if let link = response.head.headers.all("Link").lazy.compactMap(Self.next).first {
                    guard let address = response.address.resolve(link) else {
                        throw .answer("the next page is no address")
                    }
                    next = try await registry.send(Request(.get, address), scopes: scope(.pull))
                }
            }
            return tags
        }
    }

    private func page(_ response: Response) async throws(RegistryFailure) -> [String] {
        let body = try await Self.document(response)
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(body))
            return try fields.strings("tags") ?? []
        } catch {
            throw .answer("its list of tags: \(error)")
        }
    }

    /// `<…>; rel="next"` (RFC 8288).
    private static func next(_ link: String) -> String? {
        guard link.hasPrefix("<"), let end = link.firstIndex(of: ">") else { return nil }
        let relation = link[end...].lowercased()
        guard relation.contains("rel=\"next\"") || relation.contains("rel=next") else { return nil }
        return String(link[link.index(after: link.startIndex)..<end])
    }

    /// A body that is a document: its size is bounded.
    static func document(_ response: Response) async throws(RegistryFailure) -> [UInt8] {
        if let length = response.head.length, length > documentLimit { throw .tooLarge(limit: documentLimit) }
        var bytes: [UInt8] = []
        do throws(TransferError) {
            while let chunk = try await response.next() {
                bytes += chunk
                if bytes.count > documentLimit { break }
            }
        } catch {
            throw .transfer(error)
        }
        guard bytes.count <= documentLimit else { throw .tooLarge(limit: documentLimit) }
        return bytes
    }

    /// Bytes of a manifest or an index (distribution-spec, "Pushing Manifests": registries may refuse more).
    public static let documentLimit = 4 << 20
}
