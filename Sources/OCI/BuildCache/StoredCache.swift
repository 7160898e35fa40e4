internal import GRDB

/// What the steps of builds made, by what they depend on. An entry keeps its layer.
extension Store {
    /// A layer that a step made, and the blob that it is.
    public struct CachedLayer: Equatable, Sendable {
        public let diffID: Digest
        public let blob: ContentDescriptor
        /// RFC 3339: when the step was done; nil for a layer of a base image.
        public let created: String?

        public init(diffID: Digest, blob: ContentDescriptor, created: String? = nil) {
            self.diffID = diffID
            self.blob = blob
            self.created = created
        }
    }

    /// - Parameter key: of the step.
    /// - Returns: nil for what is not there, or not whole; otherwise the lease holds it.
    public func cacheEntry(_ key: Digest, _ lease: Lease) throws(StoreError) -> CacheEntry? {
        guard let entry = try cacheEntries([key]).first else { return nil }
        try lease.hold([entry.layer.diffID, entry.layer.blob.digest])
        return try has(entry.layer.blob) ? entry : nil
    }

    /// Remembers what a step made.
    ///
    /// - Parameters:
    ///   - place: what the step is called, whatever it depends on: earlier keys are found by that.
    ///   - parts: of the key, to be shown again when they have changed.
    public func cache(
        _ layer: CachedLayer, as key: Digest, place: String, parts: String
    ) throws(StoreError) {
        try state.write("record build cache") { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO buildCache (key, place, parts, diffID, blob, mediaType, size, created, used)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, unixepoch())
                    """,
                arguments: [
                    key.description, place, parts, layer.diffID.description, layer.blob.digest.description,
                    layer.blob.mediaType.rawValue, layer.blob.size, layer.created ?? "",
                ])
        }
    }

    /// The entries of keys, in their order; those that are gone are left out.
    public func cacheEntries(_ keys: [Digest]) throws(StoreError) -> [CacheEntry] {
        try state.read("look up build cache") { db in
            var entries: [CacheEntry] = []
            for key in keys {
                let sql = """
                    SELECT place, parts, diffID, blob AS digest, mediaType, size, created FROM buildCache WHERE key = ?
                    """
                guard let row = try Row.fetchOne(db, sql: sql, arguments: [key.description]) else { continue }
                let created: String = row["created"]
                entries.append(
                    CacheEntry(
                        key: key, place: row["place"], parts: row["parts"],
                        layer: CachedLayer(
                            diffID: try Digest(row["diffID"] as String), blob: try Self.descriptor(row),
                            created: created.isEmpty ? nil : created)))
            }
            return entries
        }
    }

    /// Marks entries as used now.
    public func touchCache(_ keys: [Digest]) throws(StoreError) {
        if keys.isEmpty { return }
        try state.write("record build cache") { db in
            for key in keys {
                try db.execute(
                    sql: "UPDATE buildCache SET used = unixepoch() WHERE key = ?", arguments: [key.description])
            }
        }
    }

    /// The parts of keys that a step had before, the youngest first, at most 16.
    public func earlierKeys(at place: String) throws(StoreError) -> [String] {
        try state.read("look up build cache") { db in
            try String.fetchAll(
                db, sql: "SELECT parts FROM buildCache WHERE place = ? ORDER BY used DESC LIMIT 16", arguments: [place])
        }
    }

    /// Forgets entries that were not used since a moment; their layers go with the next prune.
    ///
    /// - Parameter moment: seconds since 1970; nil forgets all.
    /// - Returns: how many there were.
    @discardableResult
    public func forgetCache(unusedSince moment: Int64? = nil) throws(StoreError) -> Int {
        try state.write("prune build cache") { db in
            if let moment {
                try db.execute(sql: "DELETE FROM buildCache WHERE used < ?", arguments: [moment])
            } else {
                try db.execute(sql: "DELETE FROM buildCache")
            }
            return db.changesCount
        }
    }

    /// How many entries there are, and the bytes of their blobs.
    public func cacheUsage() throws(StoreError) -> Usage {
        try state.read("look up build cache") { db in
            let blobs = "SELECT coalesce(sum(size), 0) FROM (SELECT DISTINCT blob, size FROM buildCache)"
            return Usage(
                count: try Int.fetchOne(db, sql: "SELECT count(*) FROM buildCache") ?? 0,
                bytes: try Int64.fetchOne(db, sql: blobs) ?? 0)
        }
    }
}
