/// What a request is to be allowed, as token servers spell it: `repository:team/app:pull,push` (distribution-spec's
/// "Token Scope Documentation").
struct Scope: Hashable, Sendable, CustomStringConvertible {
    enum Access: String, Sendable {
        case pull
        case push = "pull,push"
        case delete
    }

    let repository: String
    let access: Access

    var description: String { "repository:\(repository):\(access.rawValue)" }
}

/// Finds the `Authorization` header that a registry wants: basic, or a bearer token from the server that it names. Tokens are
/// kept until they expire; tasks that need the same one wait for one request.
actor Authorizer {
    private let client: HTTPClient
    private let registry: String
    private let credentials: @Sendable (_ repository: String) async throws(CredentialError) -> Credential?
    private var challenge: Challenge?
    private var known: [String: Credential?] = [:]
    private var tokens: [String: Token] = [:]
    private var pending: [String: Task<Result<Token, RegistryFailure>, Never>] = [:]

    private struct Token: Sendable {
        let header: String
        /// On ``Monotonic``'s clock.
        let expires: Int64
    }

    init(
        _ registry: String, client: HTTPClient,
        credentials: @escaping @Sendable (_ repository: String) async throws(CredentialError) -> Credential?
    ) {
        self.registry = registry
        self.client = client
        self.credentials = credentials
    }

    /// Keeps what the registry asked for; true when it is something that can be answered.
    func learn(_ head: ResponseHead) -> Bool {
        let offered = Challenge.all(head)
        let best =
            offered.first { $0.scheme == "bearer" && $0.parameters["realm"] != nil }
            ?? offered.first { $0.scheme == "basic" }
        if let best { challenge = best }
        return best != nil
    }

    /// The header for a request, as far as is known; nil for none.
    func header(for scopes: [Scope], at registry: Address) async throws(RegistryFailure) -> String? {
        guard let challenge else { return nil }
        if challenge.scheme == "basic" {
            guard case .basic(let user, let password) = try await credential(for: scopes) else { return nil }
            return Credential.basicHeader(user, password)
        }
        return try await token(challenge, scopes.map(\.description), scopes, registry).header
    }

    /// The header after the registry refused `used` with status 401; nil where there is no other.
    func header(
        after head: ResponseHead, refusing used: String?, for scopes: [Scope], at registry: Address
    ) async throws(RegistryFailure) -> String? {
        guard learn(head), let challenge else { return nil }
        var names = scopes.map(\.description)
        if challenge.scheme == "bearer" {
            // What the registry itself says it needs.
            for name in challenge.parameters["scope"]?.split(separator: " ").map(String.init) ?? []
            where !names.contains(name) { names.append(name) }
            tokens = tokens.filter { $0.value.header != used }
            return try await token(challenge, names, scopes, registry).header
        }
        let header = try await header(for: scopes, at: registry)
        return header == used ? nil : header
    }

    private func credential(for scopes: [Scope]) async throws(RegistryFailure) -> Credential? {
        let repository = scopes.first?.repository ?? ""
        if let credential = known[repository] { return credential }
        do throws(CredentialError) {
            let credential = try await credentials(repository)
            known[repository] = .some(credential)
            return credential
        } catch {
            throw .credentials(error)
        }
    }

    private func token(
        _ challenge: Challenge, _ names: [String], _ scopes: [Scope], _ registry: Address
    ) async throws(RegistryFailure) -> Token {
        let key = ([challenge.parameters["realm"] ?? "", challenge.parameters["service"] ?? ""] + names).joined(
            separator: " ")
        if let token = tokens[key], token.expires > Monotonic.milliseconds { return token }
        if let task = pending[key] { return try await task.value.get() }
        let task = Task { () -> Result<Token, RegistryFailure> in
            do throws(RegistryFailure) {
                let credential = try await self.credential(for: scopes)
                return .success(try await self.fetch(challenge, names, credential, registry))
            } catch {
                return .failure(error)
            }
        }
        pending[key] = task
        let result = await task.value
        pending[key] = nil
        let token = try result.get()
        tokens[key] = token
        return token
    }

    /// By GET with basic credentials, or by POST with a refresh token (distribution's "Token" and "OAuth" documents).
    private func fetch(
        _ challenge: Challenge, _ names: [String], _ credential: Credential?, _ registry: Address
    ) async throws(RegistryFailure) -> Token {
        guard let text = challenge.parameters["realm"], let realm = Address(text) else {
            throw .answer("its token server \"\(printable(challenge.parameters["realm"] ?? ""))\" is no address")
        }
        guard realm.isEncrypted || !registry.isEncrypted else {
            throw .answer("its token server \(realm) would get credentials unencrypted")
        }
        var request = Request(.get, realm)
        let service = challenge.parameters["service"].map { [(name: "service", value: $0)] } ?? []
        switch credential {
        case .identityToken(let refresh):
            let form = Address.form(
                [("grant_type", "refresh_token"), ("client_id", "shale"), ("refresh_token", refresh)] + service
                    + (names.isEmpty ? [] : [(name: "scope", value: names.joined(separator: " "))]))
            request = Request(
                .post, realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                payload: .bytes(Array(form.utf8)))
        case .basic(let user, let password):
            request.address = realm.adding(service + names.map { ("scope", $0) } + [("account", user)])
            request.headers["Authorization"] = Credential.basicHeader(user, password)
        case nil:
            request.address = realm.adding(service + names.map { ("scope", $0) })
        }
        let response: Response
        let body: [UInt8]
        do throws(TransferError) {
            response = try await client.send(request)
            body = response.head.status == 200 ? try await response.body(atMost: 1 << 20) : []
        } catch {
            throw .transfer(TransferError(error.kind, "ask \(realm.host) for a token: \(error)"))
        }
        guard response.head.status == 200 else { throw await .reading(response) }
        return try Self.read(body)
    }

    private static func read(_ body: [UInt8]) throws(RegistryFailure) -> Token {
        do throws(DocumentError) {
            var fields = try Fields(JSONParser.parse(body))
            let names = (try fields.string("token"), try fields.string("access_token"))
            guard let text = names.0 ?? names.1, !text.isEmpty else { throw fields.failure("token", "missing") }
            // The specification's default; shorter lives than it are not worth asking again for.
            let seconds = max(60, min(try fields.integer("expires_in") ?? 60, 1 << 30))
            return Token(header: "Bearer \(text)", expires: Monotonic.milliseconds + (seconds - 5) * 1000)
        } catch {
            throw .answer("its token server's answer: \(error)")
        }
    }
}
