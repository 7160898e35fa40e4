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
        let sources = try sources(copying, isAdd: isAdd, at: instruction.location)
        // What comes from a stage is known by what the stage was made of, and a repository by its commit; only when that is
        // new its files are read.
        let byOrigin = try originKey(copying, sources, destination, owner, base)
        let place = place(of: instruction)
        if let byOrigin, let found = try cached(byOrigin: byOrigin, at: place) {
            let step = session.nextStep()
            session.observer(.started(step: step, title: title(instruction)))
            session.observer(.cached(step: step))
            state.append(found.layer, key: found.key)
            return record(history, isEmpty: false)
        }
        let selection = try select(sources, copying, isAdd: isAdd, at: instruction.location)
        let key = try CacheKey.copy(
            selection, to: destination, on: base, owner: owner, chmod: copying.chmod, latest: latest)
        let options = CopyOptions(
            owner: owner, mode: expansion.mode, latest: latest, replaces: copying.isLink)
        let session = session
        try step(instruction, key: key, history: history) { (state, _) throws(BuildError) in
            // --link: a layer by itself, whatever lies below.
            let lowers = copying.isLink ? [] : state.lowers(in: session.store)
            return try StepTree(session, lowers: lowers).made(options) { (root, options) throws(BuildError) in
                try Copier(root, options).copy(selection, to: destination)
            }
        }
        if let byOrigin, let layer = state.layers.last {
            try remember(layer, byOrigin: byOrigin, as: key, at: place)
        }
    }

    /// Names are looked up in the stage's own files; numbers need none.
    func owner(_ text: [UInt8]) throws(BuildError) -> Owner {
        let isNumber = text.allSatisfy { (0x30...0x3a).contains($0) }
        return try Owner(text, in: isNumber ? context : try files())
    }

    /// What the stage has until now.
    private func files() throws(BuildError) -> SourceTree { try roots.tree(state.layers.map(\.diffID)) }

    mutating func makeWorkingDirectory(_ expansion: Expansion, _ instruction: Instruction) throws(BuildError) {
        try configure(expansion)
        let path = state.workingDirectory
        let history = "WORKDIR \(path)"
        let isThere = path == "/" ? true : try exists(path)
        if isThere { return record(history, isEmpty: true) }
        let owner = state.user.isEmpty ? Owner.root : try owner(Array(state.user.utf8))
        let key = try CacheKey.workingDirectory(Array(path.utf8), on: state.key, owner: owner, latest: latest)
        let options = CopyOptions(owner: owner, latest: latest)
        let session = session
        try step(instruction, key: key, history: history) { (state, _) throws(BuildError) in
            let tree = try StepTree(session, lowers: state.lowers(in: session.store))
            return try tree.made(options) { (root, options) throws(BuildError) in
                try Copier(root, options).makeDirectory(Destination(Array(path.utf8)))
            }
        }
    }

    private func exists(_ path: String) throws(BuildError) -> Bool {
        if state.layers.isEmpty { return false }
        let root = try files().root
        return try naming("find", Array(path.utf8)) { () throws(Errno) -> Bool in
            let names = try RootedPath.resolve(Array(path.utf8), in: root)
            do throws(Errno) {
                _ = try DirectoryChain(root).directory(names)
            } catch {
                guard error == .noEntry || error == .notDirectory else { throw error }
                return false
            }
            return true
        }
    }
}
