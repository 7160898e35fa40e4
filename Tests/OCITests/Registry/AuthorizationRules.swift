import Linux
import OCI
import Testing

/// Tokens: asked for with what is known of the user, kept, shown to the registry and to nobody else.
@Suite struct AuthorizationRules {
    let bad: BadRegistry
    let client: HTTPClient

    init() throws {
        bad = try .shared()
        client = try .impatient()
    }

    @Test(
        "a token is asked for once by basic authentication, also when several tasks need it, and goes to no other host")
    func token() async throws {
        let repository = bad.repository("token/once", client, .basic(user: "user", password: "p:ss"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { _ = try await repository.manifest(.tag("latest")) }
                // Redirected to another host, which refuses authorization.
                group.addTask { try await repository.pull(blob: bad["layer"]) { _ in } }
            }
            try await group.waitForAll()
        }
        let used = Set(try await bad.log("token/once", client).map { $0[3] })
        #expect(used.count == 2)
        #expect(used.contains("-"))
    }

    @Test("a refresh token is exchanged for an access token")
    func refreshToken() async throws {
        let repository = bad.repository("token/refresh", client, .identityToken("refresh me"))
        #expect(try await repository.manifest(.tag("latest")).descriptor == bad["manifest"])
    }

    @Test("pushing asks for more than pulling")
    func push() async throws {
        let repository = bad.repository("token/push", client, .basic(user: "user", password: "p:ss"))
        _ = try await repository.manifest(.tag("latest"))
        try await repository.push(manifest: Array("{}".utf8), .manifest, as: .tag("new"))
    }

    @Test("no credentials and wrong ones are refused in the token server's words")
    func refused() async throws {
        for credential in [nil, Credential.basic(user: "user", password: "wrong"), .identityToken("stolen")] {
            do {
                _ = try await bad.repository("token/refused", client, credential).manifest(.tag("1"))
                Issue.record("nothing was thrown")
            } catch {
                guard case .unauthorized(let words) = error.reason else { throw error }
                #expect(!words.isEmpty)
            }
        }
    }
}
