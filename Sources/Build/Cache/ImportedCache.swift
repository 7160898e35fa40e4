internal import Linux
public import OCI

/// A build cache of elsewhere that a build may take steps from.
public enum CacheSource: Sendable, CustomStringConvertible {
    /// An OCI directory, by its path.
    case layout([UInt8])
    /// An artifact, or an image with a cache inside.
    case repository(Repository, ManifestName)

    public var description: String {
        switch self {
        case .layout(let path): return displayed(path)
        case .repository(let repository, .tag(let tag)): return "\(repository.registry.name)/\(repository.name):\(tag)"
        case .repository(let repository, .digest(let digest)):
            return "\(repository.registry.name)/\(repository.name)@\(digest)"
        }
    }
}

/// The entries of all caches that a build was pointed at, read before it begins. Their layers stay where they are until a step
/// wants one.
public struct ImportedCache: Sendable {
    /// An entry, and how its blob is brought.
    struct Candidate: Sendable {
        let entry: CacheEntry
        let source: CacheSource
        let fetch: @Sendable (ContentDescriptor, BlobDirectory) throws(BuildError) -> Void
    }

    private var byKey: [Digest: [Candidate]] = [:]
    private var byPlace: [String: [CacheEntry]] = [:]
    private var mountsByID: [Digest: [Candidate]] = [:]

    /// Nothing.
    public init() {}

    /// - Parameter warn: told of each source that cannot be read; the others are used.
    public init(_ sources: [CacheSource], warn: (String) -> Void) {
        for source in sources {
            do throws(BuildError) { try read(source) } catch { warn("--cache-from \(source): \(error.message)") }
        }
    }

    private mutating func read(_ source: CacheSource) throws(BuildError) {
        switch source {
        case .layout(let path):
            let directory = try naming("open", path) { () throws(Errno) in
                try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
            }
            let layout: ImageLayout
            let cache: CacheDocument
            do throws(ArchiveError) {
                layout = try ImageLayout(directory)
                cache = try layout.buildCache()
            } catch {
                throw BuildError(error.description)
            }
            add(cache, source) { (blob, blobs) throws(BuildError) in
                try BuildError.wrapping { () throws(BlobError) in try blobs.copy(blob, from: layout.blobs) }
            }
        case .repository(let repository, let name):
            let cache = try awaiting { try await repository.buildCache(name) }
            add(cache, source) { (blob, blobs) throws(BuildError) in
                try awaiting { try await ImagePull(repository, into: blobs).pull(blob) }
            }
        }
    }

    private mutating func add(
        _ cache: CacheDocument, _ source: CacheSource,
        fetch: @escaping @Sendable (ContentDescriptor, BlobDirectory) throws(BuildError) -> Void
    ) {
        for entry in cache.mounts {
            mountsByID[entry.key, default: []].append(Candidate(entry: entry, source: source, fetch: fetch))
        }
        for entry in cache.entries {
            byKey[entry.key, default: []].append(Candidate(entry: entry, source: source, fetch: fetch))
            if !entry.place.isEmpty { byPlace[entry.place, default: []].append(entry) }
        }
    }

    /// What answers a key, in the order of the sources.
    func candidates(_ key: Digest) -> [Candidate] { byKey[key] ?? [] }

    /// Directories of a cache mount, by the digest of its id.
    func mounts(_ id: Digest) -> [Candidate] { mountsByID[id] ?? [] }

    /// What a step was elsewhere, whatever it depended on; at most 16.
    func entries(at place: String) -> [CacheEntry] { Array((byPlace[place] ?? []).prefix(16)) }
}
