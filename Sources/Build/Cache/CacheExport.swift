internal import Linux
public import OCI

/// Where the cache entries of a build go when it is done.
public struct CacheExport: Sendable {
    public enum Destination: Sendable {
        /// An OCI directory, by its path.
        case layout([UInt8])
        case repository(Repository, ManifestName)
    }

    public var destination: Destination
    /// All steps of all stages, or only those whose layers the target has.
    public var hasAllStages: Bool
    /// Also the directories of the cache mounts that steps name.
    public var hasMounts: Bool

    public init(to destination: Destination, hasAllStages: Bool, hasMounts: Bool = false) {
        self.destination = destination
        self.hasAllStages = hasAllStages
        self.hasMounts = hasMounts
    }

    /// Writes the entries of builds that are done, one for each platform.
    ///
    /// - Parameter observer: told how far blobs are on their way to a registry.
    /// - Throws: ``BuildError``; then what was at the destination is there still.
    public func write(
        _ builds: [(session: BuildSession, target: StageState)], observer: @escaping TransferObserver = { _ in }
    ) throws(BuildError) {
        var document = CacheDocument()
        var known: Set<Digest> = []
        var knownMounts: Set<String> = []
        for (session, target) in builds {
            let layers = hasAllStages ? nil : Set(target.layers.map(\.diffID))
            document.entries += try session.cacheEntries(session.usedKeys).filter { entry in
                layers?.contains(entry.layer.diffID) != false && known.insert(entry.key).inserted
            }
            if hasMounts {
                document.mounts += try session.mountEntries().filter { knownMounts.insert($0.place).inserted }
            }
        }
        guard let session = builds.first?.session else { return }
        let blobs = try BuildError.wrapping { () throws(BlobError) in try session.lease.blobs() }
        let complete = document
        let manifest = try BuildError.wrapping { () throws(BlobError) in try complete.keep(in: blobs) }
        switch destination {
        case .layout(let path):
            try BuildError.wrapping { () throws(ArchiveError) in try CacheLayout(path).write(manifest, from: blobs) }
        case .repository(let repository, let name):
            try awaiting {
                var push = ImagePush(repository, from: blobs)
                push.observer = observer
                try await push.run(manifest, as: name)
            }
        }
    }
}

extension BuildSession {
    /// What is in the cache under keys, and stays until the build ends.
    func cacheEntries(_ keys: [Digest]) throws(BuildError) -> [CacheEntry] {
        try BuildError.wrapping { () throws(StoreError) in
            // Another build may have put something else in the place of an entry.
            let entries = try store.cacheEntries(keys)
            try lease.hold(entries.flatMap { [$0.layer.diffID, $0.layer.blob.digest] })
            var whole: [CacheEntry] = []
            for entry in entries where try store.has(entry.layer.blob) { whole.append(entry) }
            return whole
        }
    }
}
