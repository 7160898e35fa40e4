import Linux

/// How a blob came to be in a repository.
public enum BlobPush: Equatable, Sendable {
    case existed
    /// From another repository of the registry, without a byte sent.
    case mounted(from: String)
    case uploaded
}

extension Repository {
    /// Sends a blob, unless the repository has it or can take it from another one of the same registry
    /// (distribution-spec, "Pushing Blobs", "Mounting a blob from another repository").
    ///
    /// - Parameters:
    ///   - file: holds the blob's bytes, from its beginning.
    ///   - sources: repositories of this registry that may have it.
    ///   - progress: the bytes sent so far; falls back where a part must be sent again.
    public func push(
        blob: ContentDescriptor, from file: SharedFile, mountingFrom sources: [String] = [],
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(RegistryError) -> BlobPush {
        if try await has(blob: blob.digest) { return .existed }
        return try await doing("push blob \(blob.digest)") { () async throws(RegistryFailure) in
            var upload = BlobUpload(self, blob, file, progress)
            for source in sources where source != name {
                if try await upload.mount(from: source) { return .mounted(from: source) }
            }
            try await upload.run()
            return .uploaded
        }
    }
}

/// One upload: a session at the registry, and how much of the blob it holds.
private struct BlobUpload {
    /// Blobs up to this size go in one request: the session's end.
    private static let monolithic: Int64 = 1 << 20
    /// Bytes of a chunk where the registry, or what stands before it, takes no larger request.
    private static let chunk: Int64 = 16 << 20

    private let repository: Repository
    private let blob: ContentDescriptor
    private let file: SharedFile
    private let progress: @Sendable (Int64) -> Void
    private let scopes: [Scope]
    /// The session, nil before it is begun and after it is lost.
    private var location: Address?
    /// Bytes of one request; nil for all that are left.
    private var largest: Int64?
    private var resumption: Resumption

    init(
        _ repository: Repository, _ blob: ContentDescriptor, _ file: SharedFile,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) {
        self.repository = repository
        self.blob = blob
        self.file = file
        self.progress = progress
        scopes = repository.scope(.push)
        resumption = Resumption(repository.registry.client.retries, at: 0)
    }

    private var registry: Registry { repository.registry }

    /// True when the registry took the blob from there. Otherwise it may have begun a session, which is used.
    mutating func mount(from source: String) async throws(RegistryFailure) -> Bool {
        if let session = location {
            // The one that the last source left behind; a registry that keeps it is not our business.
            location = nil
            _ = try await registry.send(Request(.delete, session), scopes: self.scopes)
        }
        let scopes = scopes + [Scope(repository: source, access: .pull)]
        do throws(RegistryFailure) {
            return try await begin([("mount", blob.digest.description), ("from", source)], scopes)
        } catch {
            // We may not read there, or it does not exist: the blob is sent.
            switch error {
            case .unauthorized, .denied, .notFound: return false
            default: throw error
            }
        }
    }

    /// True when there is nothing left to send.
    private mutating func begin(
        _ query: [(name: String, value: String)], _ scopes: [Scope]
    ) async throws(RegistryFailure) -> Bool {
        let response = try await registry.send(
            .post, repository.path("blobs/uploads/"), query: query, payload: .bytes([]), scopes: scopes)
        switch response.head.status {
        case 201: return true
        case 202:
            location = try registry.location(response)
            if let least = response.head.headers["OCI-Chunk-Min-Length"].flatMap({ Int64($0) }), let largest {
                self.largest = max(largest, least)
            }
            return false
        default: throw await .reading(response)
        }
    }

    mutating func run() async throws(RegistryFailure) {
        while true {
            do throws(RegistryFailure) { return try await attempt() } catch {
                if try await recover(error) { return }
            }
        }
    }

    private mutating func attempt() async throws(RegistryFailure) {
        if location == nil {
            resumption.position = 0
            if try await begin([], scopes) { return }
        }
        if blob.size > Self.monolithic || largest != nil {
            while resumption.position < blob.size { try await sendPart() }
        }
        try await finish()
    }

    /// PATCH: all that is left, or a chunk of it (distribution-spec, "Pushing a blob in chunks").
    private mutating func sendPart() async throws(RegistryFailure) {
        guard let session = location else { throw .answer("an upload without a Location") }
        let start = resumption.position
        let length = min(blob.size - start, largest ?? .max)
        var headers: Headers = ["Content-Type": "application/octet-stream"]
        // A whole blob goes as a stream, as Docker sends it: every registry takes that.
        if start > 0 || length < blob.size { headers["Content-Range"] = "\(start)-\(start + length - 1)" }
        let response = try await registry.send(
            Request(.patch, session, headers: headers, payload: payload(start, length)), scopes: scopes, retries: .once)
        guard [202, 204, 201].contains(response.head.status) else { throw await .reading(response) }
        location = try registry.location(response)
        let held = Self.held(response.head) ?? start + length
        guard held > start, held <= start + length else {
            throw .answer("it says it holds \(held) bytes after \(start + length) were sent")
        }
        resumption.position = held
    }

    /// PUT: the digest, and with it the rest of the blob.
    private mutating func finish() async throws(RegistryFailure) {
        guard let session = location else { throw .answer("an upload without a Location") }
        let start = resumption.position
        let response = try await registry.send(
            Request(
                .put, session.adding([("digest", blob.digest.description)]),
                headers: ["Content-Type": "application/octet-stream"], payload: payload(start, blob.size - start)),
            scopes: scopes, retries: .once)
        guard response.head.status == 201 || response.head.status == 204 else { throw await .reading(response) }
        progress(blob.size)
    }

    private func payload(_ start: Int64, _ length: Int64) -> Payload {
        let whole = Payload.file(file, offset: start, length: length)
        let progress = progress
        return Payload(length: length) { (position, buffer) throws(Errno) in
            let count = try whole.read(position, buffer)
            progress(start + position + Int64(count))
            return count
        }
    }

    /// After a failure: finds out what the registry holds, or lets the upload begin again. True when it holds all.
    ///
    /// - Throws: the failure, where another attempt cannot help.
    private mutating func recover(_ failure: RegistryFailure) async throws(RegistryFailure) -> Bool {
        switch failure {
        case .transfer(let cause) where cause.passes: break
        case .status(413, _) where largest == nil:
            (largest, location) = (Self.chunk, nil)
            return false
        // The session is gone, or holds other bytes than we think.
        case .status(416, _), .notFound, .tooManyRequests: break
        case .status(let status, _) where status >= 500: break
        default: throw failure
        }
        try await resumption.wait(failure)
        // The answer to the last request may be what was lost.
        let there = try await registry.send(.head, repository.path("blobs/\(blob.digest)"), scopes: scopes)
        if there.head.status == 200 { return true }
        guard let session = location else { return false }
        location = nil
        let response = try await registry.send(Request(.get, session), scopes: scopes)
        guard response.head.status == 204 || response.head.status == 202, let held = Self.held(response.head),
            held <= blob.size, response.head.headers["Location"] != nil
        else { return false }
        location = try registry.location(response)
        resumption.position = held
        return false
    }

    /// `Range: 0-LAST`: how much an upload holds; registries write `0-0` for nothing too.
    private static func held(_ head: ResponseHead) -> Int64? {
        guard let range = head.headers["Range"], let last = range.split(separator: "-").last.flatMap({ Int64($0) }),
            last >= 0, last < .max
        else { return nil }
        return last == 0 ? 0 : last + 1
    }
}
