extension Repository {
    /// Whether the repository has a blob.
    public func has(blob digest: Digest) async throws(RegistryError) -> Bool {
        try await doing("look up blob \(digest)") { () async throws(RegistryFailure) in
            let response = try await registry.send(.head, path("blobs/\(digest)"), scopes: scope(.pull))
            if response.head.status == 404 { return false }
            _ = try await expecting([200], response)
            return true
        }
    }

    /// Deletes a blob.
    public func delete(blob digest: Digest) async throws(RegistryError) {
        try await doing("delete blob \(digest)") { () async throws(RegistryFailure) in
            _ = try await expecting(
                [200, 202], try await registry.send(.delete, path("blobs/\(digest)"), scopes: scope(.delete)))
        }
    }

    /// A blob's bytes in order, each once, verified at the end: until this returns they are not to be believed.
    ///
    /// - Parameter consume: takes the next bytes. What it throws ends the transfer, and is thrown as the reason `local`.
    /// - Throws: ``RegistryError``; `wrongDigest`, `wrongSize` or `truncated` where the registry does not hold to the descriptor.
    public func pull(
        blob: ContentDescriptor, _ consume: ([UInt8]) throws -> Void
    ) async throws(RegistryError) {
        try await doing("pull blob \(blob.digest)") { () async throws(RegistryFailure) in
            let digester: Digester
            do throws(DigestError) { digester = try Digester(blob.digest.algorithm) } catch { throw .local("\(error)") }
            var taken = DigestedBlob(digester)
            try await receive(blob, from: 0) { bytes in
                taken.digester.update(bytes)
                try consume(bytes)
            }
            let actual: Digest
            do throws(DigestError) { actual = try taken.digester.finish() } catch { throw .local("\(error)") }
            guard actual == blob.digest else { throw .wrongDigest(actual) }
        }
    }

    /// A blob's bytes from a position to its end, not verified but for their number. A connection that is cut is made again
    /// for the rest (RFC 9110, section 14.2), as long as that makes progress.
    func receive(
        _ blob: ContentDescriptor, from start: Int64, _ consume: ([UInt8]) throws -> Void
    ) async throws(RegistryFailure) {
        var resumption = Resumption(registry.client.retries, at: start)
        while resumption.position < blob.size {
            let failure: RegistryFailure
            do throws(RegistryFailure) {
                try await receivePart(blob, &resumption.position, consume)
                if resumption.position == blob.size { return }
                failure = .truncated(resumption.position, expected: blob.size)
            } catch {
                guard case .transfer(let cause) = error, cause.passes else { throw error }
                failure = error
            }
            try await resumption.wait(failure)
        }
    }

    private func receivePart(
        _ blob: ContentDescriptor, _ position: inout Int64, _ consume: ([UInt8]) throws -> Void
    ) async throws(RegistryFailure) {
        var headers = Headers()
        if position > 0 { headers["Range"] = "bytes=\(position)-" }
        let response = try await registry.send(
            .get, path("blobs/\(blob.digest)"), headers: headers, scopes: scope(.pull))
        // What comes again, because the server knows no ranges.
        var skipped = try await Self.beginning(response, blob, position) == 0 ? position : 0
        do throws(TransferError) {
            while let chunk = try await response.next() {
                let again = Int(min(Int64(chunk.count), skipped))
                skipped -= Int64(again)
                let fresh = again == 0 ? chunk : Array(chunk[again...])
                if fresh.isEmpty { continue }
                let (end, overflow) = position.addingReportingOverflow(Int64(fresh.count))
                guard !overflow, end <= blob.size else { throw Self.tooLong }
                do { try consume(fresh) } catch { throw TransferError(.local, "\(error)") }
                position = end
            }
        } catch {
            if error == Self.tooLong { throw .answer("it sends more than the \(blob.size) bytes that are promised") }
            throw error.kind == .local ? .local(error.description) : .transfer(error)
        }
    }

    private static let tooLong = TransferError(.answer, "too long")

    /// Where in the blob an answer begins; it must be ours to take.
    private static func beginning(
        _ response: Response, _ blob: ContentDescriptor, _ position: Int64
    ) async throws(RegistryFailure) -> Int64 {
        switch response.head.status {
        case 200:
            if let length = response.head.length, length != blob.size { throw .wrongSize(length, expected: blob.size) }
            return 0
        case 206 where position > 0:
            guard let range = ContentRange(response.head), range.first == position else {
                throw .answer("it sends another range than bytes from \(position)")
            }
            if let whole = range.whole, whole != blob.size { throw .wrongSize(whole, expected: blob.size) }
            return position
        case 416: throw .truncated(position, expected: blob.size)
        default: throw await .reading(response)
        }
    }
}

/// A digester in a place that closures can change.
private struct DigestedBlob: ~Copyable {
    var digester: Digester

    init(_ digester: consuming Digester) { self.digester = digester }
}

/// `Content-Range: bytes FIRST-LAST/WHOLE` (RFC 9110, section 14.4).
private struct ContentRange {
    let first: Int64
    /// Nil where the server does not say.
    let whole: Int64?

    init?(_ head: ResponseHead) {
        guard let text = head.headers["Content-Range"], text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let first = parts[0].split(separator: "-").first.flatMap({ Int64($0) }) else {
            return nil
        }
        self.first = first
        whole = Int64(parts[1])
    }
}
