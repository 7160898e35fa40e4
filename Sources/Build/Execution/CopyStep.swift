internal import CLinux
internal import Containers
internal import Dockerfile
internal import Linux
internal import OCI

/// `COPY`, `ADD` and `WORKDIR`.
extension StageBuild {
    mutating func copy(
        _ copying: Copying, _ expansion: Expansion, _ instruction: Instruction, isAdd: Bool
    ) throws(BuildError) {
        let destination = Destination(copying.destination, workingDirectory: Array(state.workingDirectory.utf8))
        let owner = try copying.owner.map { (text) throws(BuildError) in try self.owner(text) }
        let base = copying.isLink ? nil : state.key
        let history = displayed(instruction.source)
        // What comes from a stage is known by what the stage was made of; only when that is new its files are read.
        let byOrigin = try originKey(copying, destination, owner, base)
        let place = place(of: instruction)
        if let byOrigin, let found = try cached(byOrigin: byOrigin, at: place) {
            let step = session.nextStep()
            session.observer(.started(step: step, title: title(instruction)))
            session.observer(.cached(step: step))
            state.append(found.layer, key: found.key)
            return record(history, isEmpty: false)
        }
        let selection = try select(copying, expansion, instruction, isAdd: isAdd)
        let key = try CacheKey.copy(
            selection, to: destination, on: base, owner: owner, chmod: copying.chmod, latest: latest)
        let options = CopyOptions(
            owner: owner, mode: expansion.mode, latest: latest, replaces: copying.isLink)
        let session = session
        try step(instruction, key: key, history: history) { (state, _) throws(BuildError) in
            if copying.isLink { return try Self.link(selection, destination, options, session) }
            let root = try StepRoot(session, lowers: state.lowers(in: session.store))
            do throws(BuildError) {
                let opened = try root.open()
                try Copier(root: opened.fd, options: options).copy(selection, to: destination)
            } catch {
                root.discard()
                throw error
            }
            return try root.commit()
        }
        if let byOrigin, let layer = state.layers.last {
            try remember(layer, byOrigin: byOrigin, as: key, at: place)
        }
    }

    /// `--link`: a layer by itself, whatever lies below.
    private static func link(
        _ selection: Selection, _ destination: Destination, _ options: CopyOptions, _ session: BuildSession
    ) throws(BuildError) -> Store.CachedLayer {
        let directory = try session.makeDirectory("link")
        do {
            let opened = try naming("open", directory) { () throws(Errno) in
                try FD.workingDirectory.open(directory.cPath, [.readOnly, .directory])
            }
            try Copier(root: opened.fd, options: options).copy(selection, to: destination)
        }
        return try session.layer(of: directory, lowers: [])
    }

    /// The key of a copy from a stage or an image, without a look at any file.
    private func originKey(
        _ copying: Copying, _ destination: Destination, _ owner: Owner?, _ base: Digest?
    ) throws(BuildError) -> CacheKey? {
        guard let from = copying.from, copying.files.isEmpty, let origin = try tree(of: from).key else { return nil }
        var inputs = CacheKey.Inputs()
        if let base { inputs.add(base: base) }
        inputs.add("source", origin)
        try inputs.add("paths", list: copying.sources)
        try inputs.add("excludes", list: copying.excludes)
        try inputs.add("parents", Array("\(copying.keepsParents)".utf8))
        try inputs.add("destination", destination.path + (destination.isDirectory ? [.slash] : []))
        if let owner { try inputs.add("owner", Array("\(owner.uid):\(owner.gid)".utf8)) }
        if let chmod = copying.chmod { try inputs.add("mode", chmod) }
        if let latest { try inputs.add("latest time", Array("\(latest.seconds)".utf8)) }
        return try inputs.key()
    }

    private func select(
        _ copying: Copying, _ expansion: Expansion, _ instruction: Instruction, isAdd: Bool
    ) throws(BuildError) -> Selection {
        let location = instruction.location
        let (tree, _) = try tree(of: copying.from)
        let rules = Selecting.Rules(copying, isAdd: isAdd)
        var selections: [Selection] = []
        var local: [[UInt8]] = []
        for source in try AddSource.sources(of: copying, isAdd: isAdd, at: location) {
            switch source {
            case .local(let path): local.append(path)
            case .address(let address):
                let file = try fetch(address, copying)
                selections.append(
                    try file.select(unpacks: copying.unpacks ?? false, digests: session.digests, at: location))
            case .git(let reference):
                let (repository, keeps) = try AddSource.repository(reference, for: copying)
                let scratch = try session.scratch()
                let checkout = try awaiting {
                    try await GitCheckout.fetch(repository, keepsGitDirectory: keeps, into: scratch)
                }
                selections.append(
                    try Selecting(from: checkout.tree, digests: session.digests, at: location).selectAll())
            }
        }
        if !local.isEmpty {
            let selecting = Selecting(from: tree, digests: session.digests, at: location)
            selections.append(try selecting.select(local, rules))
        }
        if !copying.files.isEmpty { selections.append(try Selection.texts(copying.files)) }
        let selection = try Selection.joining(selections)
        guard !selection.isEmpty else {
            throw BuildError("\(displayed(instruction.source)): no source files were specified")
        }
        return selection
    }

    private func fetch(_ address: Address, _ copying: Copying) throws(BuildError) -> RemoteFile {
        let checksum = try AddSource.digest(for: copying)
        let client = try session.sources.client()
        let scratch = try session.scratch()
        return try awaiting { try await RemoteFile.fetch(address, checksum: checksum, with: client, into: scratch) }
    }

    /// Names are looked up in the stage's own files; numbers need none.
    func owner(_ text: [UInt8]) throws(BuildError) -> Owner {
        let isNumber = text.allSatisfy { (0x30...0x3a).contains($0) }
        let tree = isNumber ? context : try roots.tree(state.layers.map(\.diffID))
        return try Owner(text, in: tree.root.descriptor.fd)
    }

    mutating func makeWorkingDirectory(_ expansion: Expansion, _ instruction: Instruction) throws(BuildError) {
        try configure(expansion)
        let path = state.workingDirectory
        let history = "WORKDIR \(path)"
        let lowers = state.lowers(in: session.store)
        let isThere = path == "/" ? true : try exists(path, lowers)
        if isThere { return record(history, isEmpty: true) }
        let owner = state.user.isEmpty ? Owner.root : try owner(Array(state.user.utf8))
        let key = try CacheKey.workingDirectory(Array(path.utf8), on: state.key, owner: owner, latest: latest)
        let options = CopyOptions(owner: owner, latest: latest)
        let session = session
        try step(instruction, key: key, history: history) { (state, _) throws(BuildError) in
            let root = try StepRoot(session, lowers: lowers)
            do throws(BuildError) {
                let opened = try root.open()
                try DestinationTree(opened.fd, options).makeDirectories(Array(path.utf8).pathNames)
            } catch {
                root.discard()
                throw error
            }
            return try root.commit()
        }
    }

    private func exists(_ path: String, _ lowers: [[UInt8]]) throws(BuildError) -> Bool {
        if lowers.isEmpty { return false }
        let root = context.root.descriptor.fd
        return try BuildError.wrapping { () throws(ContainerError) in
            try MountPoints(lowers: lowers, layer: root).hasDirectory(Array(path.utf8))
        }
    }
}
