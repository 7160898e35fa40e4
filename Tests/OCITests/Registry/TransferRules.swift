import Linux
import OCI
import Testing

/// The HTTP engine: its bounds, proxies, and its end.
@Suite struct TransferRules {
    let bad: BadRegistry

    init() throws { bad = try .shared() }

    @Test("a reader that does not read slows the sender down instead of filling memory")
    func backpressure() async throws {
        let client = try HTTPClient.impatient(stall: .milliseconds(500), attempts: 1)
        let digest = try bad["layer"].digest
        let address = try #require(Address("http://\(bad.name)/v2/endless/x/blobs/\(digest)"))
        let response = try await client.send(Request(.get, address))
        try await Task.sleep(for: .seconds(2))
        // An endless answer, unread for longer than the stall limit, is neither memory nor a stall.
        let counter = try #require(Address("http://\(bad.name)/sent/endless/x"))
        let sent = try await client.send(Request(.get, counter)).body(atMost: 100)
        // What is in the kernel's buffers counts as taken.
        #expect(try #require(Int(String(decoding: sent, as: UTF8.self))) < 32 << 20)
        var count = 0
        while count < 64 << 20, let chunk = try await response.next() { count += chunk.count }
        #expect(count >= 64 << 20)
    }

    @Test("a proxy of the environment is used for other hosts, never for the loopback")
    func proxy() async throws {
        let environment = Environment(["HTTP_PROXY": Array("http://\(bad.other)".utf8)])
        let client = try HTTPClient.impatient(attempts: 1, environment: environment)
        let far = Registry("registry.invalid:5000", client: client, allowsPlain: true) { _ in nil }
        // The proxy serves it itself: it reads the path of whatever address it is asked for.
        let manifest = try await far.repository("proxied/app").manifest(.tag("latest"))
        #expect(manifest.descriptor == (try bad["manifest"]))
        let log = try await bad.log("proxied/app", client)
        #expect(log.map { $0[1] } == ["http://registry.invalid:5000/v2/proxied/app/manifests/latest"])
        let dead = Environment(["HTTP_PROXY": Array("http://127.0.0.1:1".utf8)])
        let near = bad.repository("ok/app", try .impatient(attempts: 1, environment: dead))
        #expect(try await near.manifest(.tag("latest")) == manifest)
    }

    @Test("many transfers at once on one client all come whole")
    func together() async throws {
        let client = try HTTPClient.impatient()
        let repository = bad.repository("together/app", client)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { try await repository.pull(blob: bad["layer"]) { _ in } } }
            try await group.waitForAll()
        }
    }

    @Test("a transfer dropped half-way, and a client dropped under it, end without harm")
    func dropped() async throws {
        let digest = try bad["layer"].digest
        let address = try #require(Address("http://\(bad.name)/v2/endless/y/blobs/\(digest)"))
        for _ in 0..<20 {
            let client = try HTTPClient.impatient()
            let response = try await client.send(Request(.get, address))
            _ = try await response.next()
        }
    }
}
