/// A build cache where it lies. Its documents are read at once, its layers one by one, when they are wanted.
extension ImageLayout {
    /// The entries of all artifacts and images in the layout.
    ///
    /// - Throws: ``ArchiveError`` for a document that is missing or damaged.
    public func cacheEntries() throws(ArchiveError) -> [CacheEntry] {
        var entries: [CacheEntry] = []
        for entry in manifests.prefix(CacheDocument.mostImages) where entry.mediaType.isManifest {
            let bytes = try ArchiveError.wrapping { () throws(BlobError) in try blobs.document(entry.digest) }
            let manifest = try ArchiveError.wrapping { () throws(DocumentError) in try ImageManifest(parsing: bytes) }
            let config = try ArchiveError.wrapping { () throws(BlobError) in
                try blobs.document(manifest.config.digest, atMost: CacheDocument.limit)
            }
            try ArchiveError.wrapping { () throws(DocumentError) in
                try CacheDocument.add(try manifest.cacheEntries(config), to: &entries)
            }
        }
        return entries
    }
}

extension Repository {
    /// The entries of an artifact, of an image, or of all images of an index.
    ///
    /// - Throws: ``RegistryError``.
    public func cacheEntries(_ name: ManifestName) async throws(RegistryError) -> [CacheEntry] {
        let fetched = try await manifest(name)
        guard fetched.descriptor.mediaType.isIndex else { return try await cacheEntries(of: fetched) }
        let index = try await doing("pull build cache \(name)") { () async throws(RegistryFailure) in
            do throws(DocumentError) { return try ImageIndex(parsing: fetched.bytes) } catch { throw .document(error) }
        }
        var entries: [CacheEntry] = []
        for entry in index.manifests.prefix(CacheDocument.mostImages) where entry.mediaType.isManifest {
            let found = try await cacheEntries(of: try await manifest(.digest(entry.digest), size: entry.size))
            try await doing("pull build cache \(name)") { () async throws(RegistryFailure) in
                do throws(DocumentError) { try CacheDocument.add(found, to: &entries) } catch { throw .document(error) }
            }
        }
        return entries
    }

    private func cacheEntries(of fetched: FetchedManifest) async throws(RegistryError) -> [CacheEntry] {
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
            do throws(DocumentError) { return try manifest.cacheEntries(config) } catch { throw .document(error) }
        }
    }
}
