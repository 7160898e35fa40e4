import OCI
import Testing

/// `badregistry.py`, running: a repository's first part says how it misbehaves.
final class BadRegistry: Sendable {
    let name: String
    let other: String
    private let server: ServerProcess
    private let things: [String: ContentDescriptor]

    /// One for all tests: it ends with their process.
    static func shared() throws -> BadRegistry { try started.get() }

    private static let started = Result { try BadRegistry() }

    private init() throws {
        let script = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        server = try ServerProcess(["python3", "/\(script)/badregistry.py"]) { $0.count == 5 }
        let ports = server.words[0].split(separator: " ")
        name = "127.0.0.1:\(ports[0])"
        other = "127.0.0.1:\(ports[1])"
        var things: [String: ContentDescriptor] = [:]
        let types = ["manifest": MediaType.manifest, "index": .index, "layer": .layer, "config": .config]
        for line in server.words.dropFirst() {
            let words = line.split(separator: " ").map(String.init)
            things[words[0]] = ContentDescriptor(
                mediaType: try #require(types[words[0]]), digest: try Digest(words[1]),
                size: try #require(Int64(words[2])))
        }
        self.things = things
    }

    subscript(_ thing: String) -> ContentDescriptor { get throws { try #require(things[thing]) } }

    /// A repository of it, for a client of its own.
    func repository(_ name: String, _ client: HTTPClient, _ credential: Credential? = nil) -> Repository {
        Registry(self.name, client: client) { _ in credential }.repository(name)
    }

    /// What was asked of a repository so far: METHOD PATH RANGE AUTHORIZATION.
    func log(_ repository: String, _ client: HTTPClient) async throws -> [[String]] {
        let address = try #require(Address("http://\(name)/log"))
        let body = try await client.send(Request(.get, address)).body(atMost: 1 << 20)
        return String(decoding: body, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        .filter { $0[1].contains("/v2/\(repository)/") }
    }
}

extension HTTPClient {
    /// Impatient, as tests are.
    static func impatient(
        stall: Duration = .seconds(5), attempts: Int = 4, environment: Environment = Environment([:]),
        trust: (inout Trust) -> Void = { _ in }
    ) throws -> HTTPClient {
        var patience = Patience()
        (patience.connect, patience.stall, patience.answer) = (.seconds(5), stall, .seconds(20))
        var retries = Retries()
        (retries.attempts, retries.first) = (attempts, .milliseconds(20))
        var believed = Trust(environment)
        trust(&believed)
        return try HTTPClient(trust: believed, patience: patience, retries: retries, environment: environment)
    }
}
