import Dispatch
public import Dockerfile
public import OCI

/// Selects for a `COPY` or `ADD` whatever its sources are: files of a tree, addresses, repositories, here-documents.
public struct Adding: Sendable {
    private let tree: SourceTree
    private let digests: FileDigests
    private let client: HTTPClient
    private let room: SharedFile

    /// - Parameters:
    ///   - tree: the build context, or what `--from` names.
    ///   - room: a directory for what is fetched, which goes with the selection.
    public init(from tree: SourceTree, digests: FileDigests, client: HTTPClient, room: SharedFile) {
        self.tree = tree
        self.digests = digests
        self.client = client
        self.room = room
    }

    /// - Parameter copying: variables expanded.
    /// - Throws: ``BuildError`` for a source that is not there, or may not be used so.
    public func select(
        _ copying: Copying, isAdd: Bool, at location: SourceLocation
    ) async throws(BuildError) -> Selection {
        var parts: [Selection] = []
        do throws(BuildError) {
            for source in try AddSource.sources(of: copying, isAdd: isAdd, at: location) {
                parts.append(try await select(source, copying, isAdd: isAdd, at: location))
            }
            parts.append(try .texts(copying.files))
            return try .joining(parts)
        } catch {
            throw error.at(location)
        }
    }

    private func select(
        _ source: AddSource, _ copying: Copying, isAdd: Bool, at location: SourceLocation
    ) async throws(BuildError) -> Selection {
        switch source {
        case .local(let path):
            let selecting = Selecting(from: tree, digests: digests, at: location)
            let rules = Selecting.Rules(copying, isAdd: isAdd)
            return try await onThread { () throws(BuildError) in try selecting.select([path], rules) }
        case .address(let address):
            let checksum = try AddSource.digest(for: copying)
            let file = try await RemoteFile.fetch(
                address, checksum: checksum, with: client, into: try ScratchDirectory(in: room))
            let unpacks = copying.unpacks ?? false
            return try await onThread { () throws(BuildError) in
                try file.select(unpacks: unpacks, digests: digests, at: location)
            }
        case .git(let reference):
            let (reference, keepsGitDirectory) = try AddSource.repository(reference, for: copying)
            let checkout = try await GitCheckout.fetch(
                reference, keepsGitDirectory: keepsGitDirectory, into: try ScratchDirectory(in: room))
            let selecting = Selecting(from: checkout.tree, digests: digests, at: location)
            let rules = Selecting.Rules(excludes: copying.excludes)
            return try await onThread { () throws(BuildError) in try selecting.select([[.slash]], rules) }
        }
    }
}

/// Runs what blocks on a thread that may wait: a tree can be a mount that this process serves itself.
func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(BuildError) -> Value
) async throws(BuildError) -> Value {
    try await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: Result(catching: body)) }
    }.get()
}
