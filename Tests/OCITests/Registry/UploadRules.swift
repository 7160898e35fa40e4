import Linux
import OCI
import Testing

/// Pushing to a registry that misbehaves.
@Suite struct UploadRules {
    let bad: BadRegistry
    let client: HTTPClient
    let directory: TemporaryDirectory

    init() throws {
        bad = try .shared()
        client = try .impatient()
        directory = try TemporaryDirectory()
    }

    /// A file and its descriptor; equal seeds give equal bytes.
    private func blob(_ size: Int, seed: UInt8) throws -> (ContentDescriptor, SharedFile) {
        let block = (0..<4093).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ Int(seed)) }
        var bytes: [UInt8] = []
        while bytes.count < size { bytes.append(contentsOf: block) }
        bytes.removeLast(bytes.count - size)
        let path = try directory.write("blob", bytes)
        let digest = try Digest(of: bytes)
        return (
            ContentDescriptor(mediaType: .layer, digest: digest, size: Int64(size)),
            SharedFile(try FD.workingDirectory.open(path, .readOnly))
        )
    }

    /// What the registry holds after a push is what was pushed, or its digest would be refused there.
    private func push(_ way: String, size: Int, seed: UInt8, from sources: [String] = []) async throws -> BlobPush {
        let (descriptor, file) = try blob(size, seed: seed)
        return try await bad.repository("\(way)/app", client).push(blob: descriptor, from: file, mountingFrom: sources)
    }

    private func requests(_ way: String) async throws -> [String] {
        try await bad.log("\(way)/app", client).map { $0[0] }
    }

    @Test("a small blob goes in one request, a large one as a stream")
    func sizes() async throws {
        #expect(try await push("upsizes", size: 1000, seed: 1) == .uploaded)
        #expect(try await requests("upsizes") == ["HEAD", "POST", "PUT"])
        #expect(try await push("upsizes", size: 3 << 20, seed: 2) == .uploaded)
        #expect(try await requests("upsizes") == ["HEAD", "POST", "PUT", "HEAD", "POST", "PATCH", "PUT"])
        #expect(try await push("upsizes", size: 0, seed: 2) == .uploaded)
    }

    @Test("an upload that is cut goes on where the registry says it is")
    func cut() async throws {
        #expect(try await push("upcut", size: 4 << 20, seed: 3) == .uploaded)
        #expect(try await requests("upcut") == ["HEAD", "POST", "PATCH", "HEAD", "GET", "PATCH", "PUT"])
    }

    @Test("an upload that the registry has forgotten begins again")
    func lost() async throws {
        #expect(try await push("uplost", size: 4 << 20, seed: 4) == .uploaded)
        #expect(try await requests("uplost") == ["HEAD", "POST", "PATCH", "HEAD", "GET", "POST", "PATCH", "PUT"])
    }

    @Test("500 in the middle is tried again")
    func broken() async throws {
        #expect(try await push("upbroken", size: 4 << 20, seed: 5) == .uploaded)
    }

    @Test("where a request may not be that large the blob goes in chunks")
    func chunks() async throws {
        #expect(try await push("upsmall", size: 40 << 20, seed: 6) == .uploaded)
        // One that was refused, sometimes seen as a cut, and three that were not.
        #expect(try await requests("upsmall").filter { $0 == "PATCH" }.count >= 4)
    }

    @Test("a blob whose last answer is lost is not sent twice when the registry has it")
    func late() async throws {
        #expect(try await push("uplate", size: 1000, seed: 7) == .uploaded)
    }

    @Test("a blob that another repository has is mounted; where it has not, it is sent in the session that was begun")
    func mounts() async throws {
        #expect(
            try await push("upmounted", size: 1000, seed: 8, from: ["upmounted/source"])
                == .mounted(from: "upmounted/source"))
        #expect(try await push("upnomount", size: 1000, seed: 9, from: ["elsewhere"]) == .uploaded)
        #expect(try await requests("upnomount") == ["HEAD", "POST", "PUT"])
    }

    @Test("refusals are final")
    func refused() async throws {
        for way in ["denied", "missing", "unauthorized"] {
            await #expect(throws: RegistryError.self) { try await push(way, size: 1000, seed: 10) }
        }
    }

    @Test("a file that became shorter is our own failure, named")
    func shorter() async throws {
        let (descriptor, file) = try blob(2 << 20, seed: 11)
        try directory.write("blob", [1, 2, 3])
        do {
            _ = try await bad.repository("upshort/app", client).push(blob: descriptor, from: file)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.hasSuffix("read what is sent: it ends after 3 of 2097152 bytes"))
        }
    }

    @Test("a registry that stored another manifest is found out")
    func manifest() async throws {
        let bytes = Array("{}".utf8)
        try await bad.repository("upmanifest", client).push(manifest: bytes, .manifest, as: .tag("1"))
        do {
            try await bad.repository("wrongdigest", client).push(manifest: bytes, .manifest, as: .tag("1"))
            Issue.record("nothing was thrown")
        } catch {
            guard case .wrongDigest = error.reason else { throw error }
        }
    }
}
