import Linux
import OCI
import Testing

/// What a registry may do wrong, and what a user is told of it. `badregistry.py` is the registry.
@Suite struct MisbehaviourRules {
    let bad: BadRegistry
    let client: HTTPClient

    init() throws {
        bad = try .shared()
        client = try .impatient()
    }

    private func pull(_ way: String, _ thing: String = "layer", with client: HTTPClient? = nil) async throws -> [UInt8]
    {
        let bytes = Locked<[UInt8]>([])
        try await bad.repository("\(way)/app", client ?? self.client).pull(blob: bad[thing]) { chunk in
            bytes.withLock { $0 += chunk }
        }
        return bytes.withLock { $0 }
    }

    private func failure(_ body: () async throws -> Void) async throws -> RegistryError {
        do { try await body() } catch let error as RegistryError {
            #expect(!error.description.contains("\n"))
            #expect(error.description.contains(bad.name))
            return error
        }
        Issue.record("nothing was thrown")
        throw CancelledTest()
    }

    private struct CancelledTest: Error {}

    @Test("a blob comes whole, and is what its digest says")
    func plain() async throws {
        let bytes = try await pull("ok")
        #expect(try Digest(of: bytes) == bad["layer"].digest)
    }

    @Test("a blob whose connection is cut is resumed where it was, each byte once", arguments: ["cut", "cutnorange"])
    func cut(way: String) async throws {
        let bytes = try await pull(way)
        #expect(try Digest(of: bytes) == bad["layer"].digest)
        let asked = try await bad.log("\(way)/app", client)
        #expect(asked.count == 4)
        #expect(asked[1][2] == "bytes=\(3 << 19)-")
    }

    @Test("a blob that is cut again and again without progress fails in the end")
    func alwaysCut() async throws {
        let error = try await failure { _ = try await pull("alwayscut") }
        guard case .transfer(let cause) = error.reason else { throw error }
        #expect(cause.kind == .cut)
    }

    @Test("other content than the digest's is refused")
    func wrongDigest() async throws {
        let error = try await failure { _ = try await pull("wrongdigest") }
        guard case .wrongDigest = error.reason else { throw error }
        #expect(
            error.description.hasPrefix(
                "pull blob \(try bad["layer"].digest) (\(bad.name)/wrongdigest/app): wrong content"))
    }

    @Test("a blob that ends too early is truncated, however often it is asked for")
    func truncated() async throws {
        let error = try await failure { _ = try await pull("truncated") }
        #expect(error.reason == .truncated(2 << 20, expected: 3 << 20))
    }

    @Test("a length that is not the descriptor's is refused before a byte is taken")
    func lyingLength() async throws {
        let error = try await failure { _ = try await pull("lyinglength") }
        #expect(error.reason == .wrongSize((3 << 20) + 4, expected: 3 << 20))
    }

    @Test("a blob that does not end is cut off at its size")
    func endless() async throws {
        let error = try await failure { _ = try await pull("endless") }
        guard case .answer = error.reason else { throw error }
    }

    @Test("a range that was not asked for is refused")
    func wrongRange() async throws {
        let error = try await failure { _ = try await pull("wrongrange") }
        guard case .answer = error.reason else { throw error }
    }

    @Test("a server that stalls is given up; one that is slow is waited for")
    func stalledAndSlow() async throws {
        let impatient = try HTTPClient.impatient(stall: .seconds(1), attempts: 1)
        let error = try await failure { _ = try await pull("stalled", with: impatient) }
        guard case .transfer(let cause) = error.reason else { throw error }
        #expect(cause.kind == .stalled)
        let start = ContinuousClock.now
        let bytes = try await pull("slow", with: impatient)
        #expect(bytes.count == 3 << 20)
        #expect(ContinuousClock.now - start > .seconds(2))
    }

    @Test("429 is obeyed: Retry-After passes before the next request")
    func busy() async throws {
        let start = ContinuousClock.now
        let bytes = try await pull("busy")
        #expect(bytes.count == 3 << 20)
        #expect(ContinuousClock.now - start > .seconds(2))
    }

    @Test("a wait that is too long is not begun, and is named")
    func tooBusy() async throws {
        let error = try await failure { _ = try await bad.repository("toobusy", client).manifest(.tag("latest")) }
        #expect(error.reason == .tooManyRequests(retryAfter: 3600))
        #expect(
            error.description
                == "pull manifest latest (\(bad.name)/toobusy): too many requests (429); the registry asks to wait 3600 s"
        )
    }

    @Test("500 is tried again; 503 for ever is an error with the registry's words")
    func broken() async throws {
        #expect(try await pull("broken").count == 3 << 20)
        let error = try await failure { _ = try await pull("alwaysbroken") }
        #expect(error.reason == .status(503, "down for maintenance"))
    }

    @Test("401, 403 and 404 are told apart, with the registry's words")
    func refusals() async throws {
        let missing = try await failure { _ = try await bad.repository("missing/app", client).manifest(.tag("1")) }
        #expect(missing.reason == .notFound("repository name not known to registry"))
        let denied = try await failure { _ = try await bad.repository("denied/app", client).tags() }
        #expect(denied.reason == .denied("requested access to the resource is denied"))
        let none = try await failure { _ = try await pull("unauthorized") }
        #expect(none.reason == .unauthorized("authentication required"))
        let wrong = bad.repository("unauthorized/app", client, .basic(user: "u", password: "p"))
        let error = try await failure { _ = try await wrong.tags() }
        #expect(error.reason == .unauthorized("authentication required"))
    }

    @Test("a manifest that is too large is refused while it is read")
    func hugeManifest() async throws {
        let error = try await failure { _ = try await bad.repository("hugemanifest", client).manifest(.tag("1")) }
        #expect(error.reason == .tooLarge(limit: 4 << 20))
    }

    @Test("a manifest with another digest than asked for, or than stated, is refused")
    func wrongManifest() async throws {
        let repository = bad.repository("wrongmanifest", client)
        let asked = ManifestName.digest(try bad["manifest"].digest)
        for name in [asked, .tag("latest")] {
            let error = try await failure { _ = try await repository.manifest(name) }
            guard case .wrongDigest = error.reason else { throw error }
        }
    }

    @Test("a manifest that says it is something else than its header is refused")
    func confused() async throws {
        let error = try await failure { _ = try await bad.repository("confused", client).manifest(.tag("1")) }
        guard case .answer = error.reason else { throw error }
    }

    @Test("a manifest whose connection is cut is asked for again")
    func cutManifest() async throws {
        #expect(try await bad.repository("cutmanifest", client).manifest(.tag("1")).descriptor == bad["manifest"])
    }

    @Test("nobody there is one line")
    func nobody() async throws {
        let registry = Registry("127.0.0.1:1", client: client) { _ in nil }
        do {
            _ = try await registry.repository("app").manifest(.tag("1"))
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.hasPrefix("pull manifest 1 (127.0.0.1:1/app): connect to 127.0.0.1 port 1: "))
        }
    }

    @Test("a redirect to another host is followed without authorization; a circle ends")
    func redirects() async throws {
        #expect(try await pull("redirect").count == 3 << 20)
        let error = try await failure { _ = try await pull("circle") }
        guard case .transfer(let cause) = error.reason else { throw error }
        #expect(cause.kind == .redirect)
    }

    @Test("pages of tags are followed to their end, and not for ever")
    func tags() async throws {
        #expect(try await bad.repository("ok", client).tags() == ["a", "b", "c"])
        let error = try await failure { _ = try await bad.repository("endless", client).tags() }
        guard case .answer = error.reason else { throw error }
    }

    @Test("the image of a platform is chosen from an index, or what there is is named")
    func platforms() async throws {
        let repository = bad.repository("ok", client)
        let image = try await repository.image(.tag("many"), for: Platform("linux/amd64"))
        #expect(try image.fetched.descriptor == bad["manifest"])
        #expect(try image.indexes.map(\.descriptor) == [bad["index"]])
        #expect(try image.manifest.layers == [bad["layer"]])
        let error = try await failure { _ = try await repository.image(.tag("many"), for: Platform("linux/riscv64")) }
        #expect(error.reason == .noPlatform("linux/riscv64", offered: ["linux/s390x", "linux/amd64"]))
    }

    @Test("a pull that is cancelled ends at once")
    func cancelled() async throws {
        let patient = try HTTPClient.impatient(stall: .seconds(60))
        let task = Task { try await pull("stalled", with: patient) }
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: RegistryError.self) { try await task.value }
        // Long before the stall would have ended it.
        #expect(ContinuousClock.now - start < .seconds(50))
    }
}
