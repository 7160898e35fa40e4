/// One registry that speaks the OCI distribution API (distribution-spec v1.1): where it is, how it is reached, who we are
/// to it. Its contents are reached through ``Repository``.
public final class Registry: Sendable {
    /// As in references: `docker.io`, `localhost:5000`.
    public let name: String
    let client: HTTPClient
    private let endpoint: Endpoint
    private let authorizer: Authorizer

    /// - Parameters:
    ///   - name: a host with an optional port.
    ///   - allowsPlain: whether HTTP will do where the registry does not speak TLS. Without it that is so for this machine's
    ///     loopback only.
    ///   - credentials: asked once for each repository that wants them.
    public init(
        _ name: String, client: HTTPClient, allowsPlain: Bool = false,
        credentials: @escaping @Sendable (_ repository: String) async throws(CredentialError) -> Credential?
    ) {
        self.name = name
        self.client = client
        authorizer = Authorizer(name, client: client, credentials: credentials)
        endpoint = Endpoint(name, client: client, allowsPlain: allowsPlain, authorizer: authorizer)
    }

    /// With the credentials of a store.
    public convenience init(_ name: String, client: HTTPClient, allowsPlain: Bool = false, store: CredentialStore) {
        self.init(name, client: client, allowsPlain: allowsPlain) { repository async throws(CredentialError) in
            try await store.credential(registry: name, repository: repository)
        }
    }

    public func repository(_ name: String) -> Repository { Repository(registry: self, name: name) }

    /// Asks for nothing but whether the registry is there and takes the credentials.
    ///
    /// - Throws: ``RegistryError``; `unauthorized` for wrong credentials.
    public func check() async throws(RegistryError) {
        do throws(RegistryFailure) {
            let response = try await send(.get, "", scopes: [])
            guard response.head.status == 200 else { throw await .reading(response) }
        } catch {
            throw RegistryError(action: "log in", place: name, reason: error)
        }
    }

    // MARK: Requests

    /// Sends a request below `/v2/`, with authorization where it is wanted. The answer may have any status.
    func send(
        _ method: Request.Method, _ path: String, query: [(name: String, value: String)] = [],
        headers: Headers = Headers(), payload: Payload? = nil, scopes: [Scope]
    ) async throws(RegistryFailure) -> Response {
        let base = try await endpoint.base()
        guard let address = Address("\(base.text)\(path)") else { throw .answer("\(base.text)\(path) is no address") }
        return try await send(
            Request(method, address.adding(query), headers: headers, payload: payload), scopes: scopes)
    }

    /// The same to an address that the registry gave. Authorization goes to the registry's own origin only.
    func send(_ request: Request, scopes: [Scope], retries: Retries? = nil) async throws(RegistryFailure) -> Response {
        var request = request
        let base = try await endpoint.base()
        let ours = request.address.sameOrigin(as: base)
        guard request.address.isEncrypted || !base.isEncrypted else {
            throw .answer("it leads from https to \(request.address)")
        }
        let header = ours ? try await authorizer.header(for: scopes, at: base) : nil
        request.headers["Authorization"] = header
        let response = try await transfer(request, retries)
        guard response.head.status == 401, ours,
            let renewed = try await authorizer.header(after: response.head, refusing: header, for: scopes, at: base)
        else { return response }
        await response.discard()
        request.headers["Authorization"] = renewed
        return try await transfer(request, retries)
    }

    private func transfer(_ request: Request, _ retries: Retries?) async throws(RegistryFailure) -> Response {
        do throws(TransferError) { return try await client.send(request, retries ?? client.retries) } catch {
            throw .transfer(error)
        }
    }

    /// An address that the registry gave in a header of an answer.
    func location(_ response: Response) throws(RegistryFailure) -> Address {
        guard let text = response.head.headers["Location"] else { throw .answer("an upload without a Location") }
        guard let address = response.address.resolve(text) else {
            throw .answer("the Location \"\(printable(text))\" is no address")
        }
        return address
    }
}
