internal import Dockerfile
internal import Linux
internal import OCI

/// What `COPY` and `ADD` copy, and what that is known by.
extension StageBuild {
    /// A source, as far as it takes to know it.
    enum CopySource {
        case local([UInt8])
        case address(Address)
        /// A repository with the commit that is meant now.
        case git(GitReference, commit: String, keepsGitDirectory: Bool)
    }

    func sources(
        _ copying: Copying, isAdd: Bool, at location: SourceLocation
    ) throws(BuildError) -> [CopySource] {
        var sources: [CopySource] = []
        for source in try AddSource.sources(of: copying, isAdd: isAdd, at: location) {
            switch source {
            case .local(let path): sources.append(.local(path))
            case .address(let address): sources.append(.address(address))
            case .git(let reference):
                let (repository, keeps) = try AddSource.repository(reference, for: copying)
                let scratch = try session.scratch()
                let commit = try awaiting(session.interruption) {
                    try await GitCheckout.verifiedCommit(of: repository, in: scratch)
                }
                sources.append(.git(repository, commit: commit, keepsGitDirectory: keeps))
            }
        }
        return sources
    }

    /// The key of a copy from a stage, an image or a repository, without a look at any file.
    func originKey(
        _ copying: Copying, _ sources: [CopySource], _ destination: Destination, _ owner: Owner?, _ base: Digest?
    ) throws(BuildError) -> CacheKey? {
        guard copying.files.isEmpty, let origin = try origin(copying, sources) else { return nil }
        var inputs = CacheKey.Inputs()
        if let base { inputs.add(base: base) }
        inputs.add("source", origin)
        try inputs.add("paths", list: copying.from == nil ? [] : copying.sources)
        try inputs.add("excludes", list: copying.excludes)
        try inputs.add("parents", Array("\(copying.keepsParents)".utf8))
        try inputs.add("destination", destination.path + (destination.isDirectory ? [.slash] : []))
        if let owner { try inputs.add("owner", Array("\(owner.uid):\(owner.gid)".utf8)) }
        if let chmod = copying.chmod { try inputs.add("mode", chmod) }
        if let latest { try inputs.add("latest time", Array("\(latest.seconds)".utf8)) }
        return try inputs.key()
    }

    private func origin(_ copying: Copying, _ sources: [CopySource]) throws(BuildError) -> Digest? {
        if let from = copying.from { return try tree(of: from).key }
        var hash = try FramedHash("shale git sources 1")
        hash.add(sources.count)
        for source in sources {
            guard case .git(let reference, let commit, let keeps) = source else { return nil }
            hash.add(commit)
            hash.add(reference.subdirectory ?? "")
            hash.add(reference.hasSubmodules ? 1 : 0)
            // What is kept says where it is from.
            hash.add(keeps ? reference.remote : "")
        }
        return sources.isEmpty ? nil : try hash.finish()
    }

    func select(
        _ sources: [CopySource], _ copying: Copying, isAdd: Bool, at location: SourceLocation
    ) throws(BuildError) -> Selection {
        let context = try tree(of: copying.from).tree
        let rules = Selecting.Rules(copying, isAdd: isAdd)
        var selections: [Selection] = []
        for source in sources {
            switch source {
            case .local(let path): selections.append(try selecting(context, location).select([path], rules))
            case .address(let address):
                let file = try fetch(address, copying)
                selections.append(
                    try file.select(
                        unpacks: copying.unpacks ?? false, digests: session.digests, at: location,
                        interruption: session.interruption))
            case .git(let reference, let commit, let keeps):
                let scratch = try session.scratch()
                let checkout = try awaiting(session.interruption) {
                    try await GitCheckout.fetch(reference, at: commit, keepsGitDirectory: keeps, into: scratch)
                }
                let whole = Selecting.Rules(excludes: copying.excludes)
                selections.append(try selecting(checkout.tree, location).select([[.slash]], whole))
            }
        }
        if !copying.files.isEmpty { selections.append(try Selection.texts(copying.files)) }
        // Patterns that match nothing stand for nothing, even alone.
        return try Selection.joining(selections)
    }

    private func selecting(_ tree: SourceTree, _ location: SourceLocation) -> Selecting {
        Selecting(from: tree, digests: session.digests, at: location, interruption: session.interruption)
    }

    private func fetch(_ address: Address, _ copying: Copying) throws(BuildError) -> RemoteFile {
        let checksum = try AddSource.digest(for: copying)
        let client = try session.sources.client()
        let scratch = try session.scratch()
        let memory = ignoresCache ? nil : session.store
        return try awaiting(session.interruption) {
            try await RemoteFile.fetch(address, checksum: checksum, with: client, memory: memory, into: scratch)
        }
    }
}
