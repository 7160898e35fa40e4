internal import OCI

/// Steps that were done before, here or elsewhere.
extension StageBuild {
    /// The layer of a step, unpacked: from the store's cache, or from one of elsewhere, and then the store's has it too.
    func cached(_ key: CacheKey, at place: String) throws(BuildError) -> Store.CachedLayer? {
        if ignoresCache { return nil }
        let known = try BuildError.wrapping { () throws(StoreError) in
            try session.store.cachedLayer(key.digest, session.lease)
        }
        if let known {
            try session.alone(with: known.diffID) { () throws(BuildError) in
                try BuildError.wrapping { () throws(StoreError) in
                    try session.store.unpack(known.blob, as: known.diffID, session.lease)
                }
            }
            session.use([key.digest])
            return known
        }
        guard let found = imported(key.digest) else { return nil }
        try remember(found, key, at: place)
        return found
    }

    func remember(_ layer: Store.CachedLayer, _ key: CacheKey, at place: String) throws(BuildError) {
        try BuildError.wrapping { () throws(StoreError) in
            try session.store.cache(layer, as: key.digest, place: place, parts: key.stored)
        }
        session.use([key.digest])
    }

    /// Notes the other keys of a step under which its layer is known: who is given the cache may come by any of them.
    func useOthers(_ layer: Store.CachedLayer, at place: String) throws(BuildError) {
        try BuildError.wrapping { () throws(StoreError) in
            for entry in session.imported.entries(at: place) where entry.layer.diffID == layer.diffID {
                guard try session.store.cacheEntries([entry.key]).isEmpty else { continue }
                try session.store.cache(layer, as: entry.key, place: place, parts: entry.parts)
            }
            session.use(try session.store.cacheKeys(at: place, making: layer.diffID))
        }
    }

    /// What cannot be brought, or is not what was promised, is a step to be done again.
    private func imported(_ key: Digest) -> Store.CachedLayer? {
        for candidate in session.imported.candidates(key) {
            let layer = candidate.entry.layer
            do throws(BuildError) {
                return try session.alone(with: layer.diffID) { () throws(BuildError) in
                    try BuildError.wrapping { () throws(StoreError) in
                        try session.store.bring(layer, session.lease) { (blobs) throws(BuildError) in
                            try candidate.fetch(layer.blob, blobs)
                        }
                    }
                }
            } catch {
                session.observer(.warning("--cache-from \(candidate.source): \(error.message)"))
            }
        }
        return nil
    }
}
