/// The address of a registry's API, found out once: by asking `/v2/` (distribution-spec, "Determining Support").
actor Endpoint {
    private let registry: String
    private let client: HTTPClient
    private let allowsPlain: Bool
    private let authorizer: Authorizer
    private var found: Address?
    private var pending: Task<Result<Address, RegistryFailure>, Never>?

    init(_ registry: String, client: HTTPClient, allowsPlain: Bool, authorizer: Authorizer) {
        self.registry = registry
        self.client = client
        self.allowsPlain = allowsPlain
        self.authorizer = authorizer
    }

    /// Ends in `/v2/`.
    func base() async throws(RegistryFailure) -> Address {
        if let found { return found }
        if let pending { return try await pending.value.get() }
        let task = Task { () -> Result<Address, RegistryFailure> in
            do throws(RegistryFailure) { return .success(try await self.search()) } catch { return .failure(error) }
        }
        pending = task
        let result = await task.value
        pending = nil
        let address = try result.get()
        found = address
        return address
    }

    private func search() async throws(RegistryFailure) -> Address {
        let host = registry == Reference.defaultRegistry ? "registry-1.docker.io" : registry
        guard let encrypted = Address("https://\(host)/v2/"), let plain = Address("http://\(host)/v2/") else {
            throw .answer("\"\(printable(registry))\" is no host")
        }
        // On the loopback HTTP is asked first: what speaks TLS refuses it at once, while what speaks HTTP may wait for
        // the end of a TLS greeting for ever.
        if encrypted.isLoopback {
            if let failure = try await ask(plain, unless: Self.speaksTLS) {
                if try await ask(encrypted, unless: { _ in false }) == nil { return encrypted }
                throw failure
            }
            return plain
        }
        guard let failure = try await ask(encrypted, unless: { self.allowsPlain && Self.speaksPlain($0) }) else {
            return encrypted
        }
        if try await ask(plain, unless: { _ in false }) == nil { return plain }
        throw failure
    }

    /// Nil when a registry answers there; an error for which another address is to be tried.
    private func ask(
        _ address: Address, unless other: (Result<Int, TransferError>) -> Bool
    ) async throws(RegistryFailure) -> RegistryFailure? {
        let response: Response
        do throws(TransferError) { response = try await client.send(Request(.get, address)) } catch {
            guard other(.failure(error)) else { throw .transfer(error) }
            return .transfer(error)
        }
        let status = response.head.status
        if status == 200 { return nil }
        if status == 401 || status == 403, await authorizer.learn(response.head) {
            await response.discard()
            return nil
        }
        let failure = await RegistryFailure.reading(response)
        guard other(.success(status)) else {
            if case .notFound = failure { throw .answer("\(address) answers 404: no registry is there") }
            throw failure
        }
        return failure
    }

    private static func speaksTLS(_ answer: Result<Int, TransferError>) -> Bool {
        switch answer {
        case .success(let status): return status == 400
        case .failure(let error): return error.kind == .cut || error.kind == .answer
        }
    }

    private static func speaksPlain(_ answer: Result<Int, TransferError>) -> Bool {
        guard case .failure(let error) = answer else { return false }
        return error.kind == .noTLS || error.kind == .connection
    }
}
