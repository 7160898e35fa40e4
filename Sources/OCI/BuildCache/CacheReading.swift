/// A build cache where it lies. Its documents are read at once, its layers one by one, when they are wanted.
extension ImageLayout {
    /// The caches of all artifacts and images in the layout as one.
    ///
    /// - Throws: ``ArchiveError`` for a document that is missing or damaged.
    public func buildCache() throws(ArchiveError) -> CacheDocument {
        var cache = CacheDocument()
        for entry in manifests.prefix(CacheDocument.mostImages) where entry.mediaType.isManifest {
            let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(entry.digest) }
            let manifest = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
            let config = try ArchiveError.wrapping { () throws(BlobError) in
                try blobs.document(manifest.config.digest, atMost: CacheDocument.limit)
            }
            try ArchiveError.wrapping { () throws(DocumentError) in
                try cache.add(try manifest.buildCache(config))
            }
        }
        return cache
    }
}

extension Repository {
    /// The cache of an artifact, of an image, or of all images of an index as one.
    ///
    /// - Throws: ``RegistryError``.
    public func buildCache(_ name: ManifestName) async throws(RegistryError) -> CacheDocument {
        let fetched = try await manifest(name)
        guard fetched.descriptor.mediaType.isIndex else { return try await buildCache(of: fetched) }
        let index = try await doing("pull build cache \(name)") { () async throws(RegistryFailure) in
            do throws(DocumentError) { return try ImageIndex(parsing: fetched.bytes) } catch { throw .document(error) }
        }
        var cache = CacheDocument()
        for entry in index.manifests.prefix(CacheDocument.mostImages) where entry.mediaType.isManifest {
            let found = try await buildCache(of: try await manifest(.digest(entry.digest), size: entry.size))
            try await doing("pull build cache \(name)") { () async throws(RegistryFailure) in
                do throws(DocumentError) { try cache.add(found) } catch { throw .document(error) }
            }
        }
        return cache
    }

    private func buildCache(of fetched: FetchedManifest) async throws(RegistryError) -> CacheDocument {
        let action = "pull build cache \(fetched.descriptor.digest)"
        let manifest = try await doing(action) { () async throws(RegistryFailure) in
            let manifest: ImageManifest
            do throws(DocumentError) { manifest = try ImageManifest(parsing: fetched.bytes) } catch {
                throw .document(error)
            }
            guard manifest.config.size <= CacheDocument.limit else { throw .tooLarge(limit: CacheDocument.limit) }
            return manifest
        }
        var config: [UInt8] = []
        try await pull(blob: manifest.config) { config += $0 }
        return try await doing(action) { () async throws(RegistryFailure) in
            do throws(DocumentError) { return try manifest.buildCache(config) } catch { throw .document(error) }
        }
    }
}
