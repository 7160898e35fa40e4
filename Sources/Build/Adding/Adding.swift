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
            return try await select([path], of: tree, Selecting.Rules(copying, isAdd: isAdd), location)
        case .address(let address):
            let checksum = try AddSource.digest(for: copying)
            let file = try await RemoteFile.fetch(
                address, checksum: checksum, with: client, into: try ScratchDirectory(in: room))
            let unpacks = copying.unpacks ?? false
            return try await onThread { (interruption) throws(BuildError) in
                try file.select(unpacks: unpacks, digests: digests, at: location, interruption: interruption)
            }
        case .git(let reference):
            let (reference, keepsGitDirectory) = try AddSource.repository(reference, for: copying)
            let checkout = try await GitCheckout.fetch(
                reference, keepsGitDirectory: keepsGitDirectory, into: try ScratchDirectory(in: room))
            return try await select(
                [[.slash]], of: checkout.tree, Selecting.Rules(excludes: copying.excludes), location)
        }
    }

    private func select(
        _ sources: [[UInt8]], of tree: SourceTree, _ rules: Selecting.Rules, _ location: SourceLocation
    ) async throws(BuildError) -> Selection {
        try await onThread { (interruption) throws(BuildError) in
            try Selecting(from: tree, digests: digests, at: location, interruption: interruption)
                .select(sources, rules)
        }
    }
}

/// Runs what blocks on a thread that may wait: a tree can be a mount that this process serves itself. A cancelled task
/// interrupts it.
func onThread<Value: Sendable>(
    _ body: @escaping @Sendable (Interruption) throws(BuildError) -> Value
) async throws(BuildError) -> Value {
    let interruption = Interruption()
    return try await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let result = Result { () throws(BuildError) in try body(interruption) }
                continuation.resume(returning: result)
            }
        }
    } onCancel: {
        interruption.interrupt()
    }.get()
}
