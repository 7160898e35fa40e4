internal import OCI

/// Steps that were done before, here or elsewhere.
extension StageBuild {
    /// The layer of a step, unpacked: from the store's cache, or from one of elsewhere, and then the store's has it too.
    func cached(_ key: CacheKey, at place: String) throws(BuildError) -> Store.CachedLayer? {
        try entry(key.digest, at: place, parts: key.stored)?.layer
    }

    /// The same for a copy by where it is from, with the copy's key by its content.
    ///
    /// - Parameter place: of the copy by its content.
    func cached(byOrigin key: CacheKey, at place: String) throws(BuildError) -> (layer: Store.CachedLayer, key: Digest)?
    {
        guard let entry = try entry(key.digest, at: originPlace(place), parts: nil),
            let content = try? Digest(entry.parts)
        else { return nil }
        if let known = try self.entry(content, at: place, parts: nil) { return (known.layer, content) }
        try remember(entry.layer, content, at: place, parts: "")
        return (entry.layer, content)
    }

    /// Remembers a layer that a step made.
    func remember(_ layer: Store.CachedLayer, _ key: CacheKey, at place: String) throws(BuildError) {
        try remember(layer, key.digest, at: place, parts: key.stored)
    }

    /// Remembers that a copy by where it is from is the copy of a content.
    func remember(
        _ layer: Store.CachedLayer, byOrigin key: CacheKey, as content: CacheKey, at place: String
    ) throws(BuildError) {
        try remember(layer, key.digest, at: originPlace(place), parts: content.digest.description)
    }

    private func originPlace(_ place: String) -> String { "\(place) by origin" }

    private func remember(
        _ layer: Store.CachedLayer, _ key: Digest, at place: String, parts: String
    ) throws(BuildError) {
        try BuildError.wrapping { () throws(StoreError) in
            try session.store.cache(layer, as: key, place: place, parts: parts)
        }
        session.use([key])
    }

    /// - Parameter parts: to be remembered with what comes from elsewhere; nil for those that it comes with.
    private func entry(_ key: Digest, at place: String, parts: String?) throws(BuildError) -> CacheEntry? {
        if ignoresCache { return nil }
        let known = try BuildError.wrapping { () throws(StoreError) in
            try session.store.cacheEntry(key, session.lease)
        }
        if let known {
            let layer = known.layer
            try session.alone(with: layer.diffID) { () throws(BuildError) in
                try BuildError.wrapping { () throws(StoreError) in
                    try session.store.unpack(layer.blob, as: layer.diffID, session.lease)
                }
            }
            session.use([key])
            return known
        }
        guard let found = imported(key) else { return nil }
        try remember(found.layer, key, at: place, parts: parts ?? found.parts)
        return found
    }

    /// What cannot be brought, or is not what was promised, is a step to be done again.
    private func imported(_ key: Digest) -> CacheEntry? {
        for candidate in session.imported.candidates(key) {
            let (entry, layer) = (candidate.entry, candidate.entry.layer)
            do throws(BuildError) {
                let brought = try session.alone(with: layer.diffID) { () throws(BuildError) in
                    try BuildError.wrapping { () throws(StoreError) in
                        try session.store.bring(layer, session.lease) { (blobs) throws(BuildError) in
                            try candidate.fetch(layer.blob, blobs)
                        }
                    }
                }
                return CacheEntry(key: key, place: entry.place, parts: entry.parts, layer: brought)
            } catch {
                session.observer(.warning("--cache-from \(candidate.source): \(error.message)"))
            }
        }
        return nil
    }
}
