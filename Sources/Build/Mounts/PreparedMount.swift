internal import CLinux
internal import Containers
internal import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// A `RUN --mount` with what it is from.
struct PreparedMount {
    let mount: Mount
    /// Of a bind mount: what it shows, for the cache key.
    let content: Digest?
    /// Of a bind mount or a cache that begins with something.
    let tree: SourceTree?
    /// Of a stage or an image: what it can be mounted from.
    var layers: [Digest]?
    var environment: [String] = []
}

extension StageBuild {
    func prepared(_ mount: Mount, _ instruction: Instruction) throws(BuildError) -> PreparedMount {
        switch mount.kind {
        case .bind:
            let (tree, key, layers) = try tree(of: mount.from)
            let source = mount.source ?? [.slash]
            let content: Digest
            if let key {
                // Of a stage or an image everything is known by what it was made of.
                var inputs = CacheKey.Inputs()
                inputs.add("tree", key)
                try inputs.add("path", source)
                content = try inputs.key().digest
            } else {
                content = try Selecting(
                    from: tree, digests: session.digests, at: instruction.location, interruption: session.interruption
                )
                .select([source]).digest
            }
            return PreparedMount(mount: mount, content: content, tree: tree, layers: layers)
        case .cache:
            guard mount.from != nil else { return PreparedMount(mount: mount, content: nil, tree: nil) }
            return PreparedMount(mount: mount, content: nil, tree: try tree(of: mount.from).tree)
        case .secret: return try secret(mount)
        case .ssh: return try agent(mount)
        case .tmpfs: return PreparedMount(mount: mount, content: nil, tree: nil)
        }
    }

    private func secret(_ mount: Mount) throws(BuildError) -> PreparedMount {
        var prepared = PreparedMount(mount: mount, content: nil, tree: nil)
        let id = secretID(mount)
        guard let name = mount.environment else {
            if mount.isRequired, session.options.secrets[id] == nil {
                throw BuildError("secret \(displayed(id)): not found")
            }
            return prepared
        }
        guard let value = try secretValue(id) else {
            if mount.isRequired { throw BuildError("secret \(displayed(id)): not found") }
            return prepared
        }
        let variable = name.isEmpty ? id : name
        prepared.environment = [String(decoding: variable + [UInt8(ascii: "=")] + value, as: UTF8.self)]
        return prepared
    }

    func secretID(_ mount: Mount) -> [UInt8] {
        mount.id ?? mount.source ?? mount.target.flatMap { $0.split(separator: .slash).last.map { Array($0) } } ?? []
    }

    func secretValue(_ id: [UInt8]) throws(BuildError) -> [UInt8]? {
        switch session.options.secrets[id] {
        case nil: return nil
        case .value(let value): return value
        case .file(let path):
            return try naming("read secret", path) { () throws(Errno) in
                // BuildKit's limit is 500 KiB.
                try FD.workingDirectory.contents(of: path.cPath, atMost: 512_000)
            }
        }
    }

    private func agent(_ mount: Mount) throws(BuildError) -> PreparedMount {
        let id = mount.id ?? Array("default".utf8)
        guard mount.isRequired, session.options.agents[id] == nil else {
            return PreparedMount(mount: mount, content: nil, tree: nil)
        }
        throw BuildError("ssh agent \(displayed(id)): not given; --ssh does")
    }

    /// The tree that a `from` means, and what it depends on and is made of where that is known without reading it.
    func tree(of from: [UInt8]?) throws(BuildError) -> (tree: SourceTree, key: Digest?, layers: [Digest]?) {
        guard let from else { return (context, nil, nil) }
        switch node.sources[from] {
        case .stage(let index):
            guard let stage = stages[index] else { throw BuildError("stage \(index): not built") }
            let layers = stage.layers.map(\.diffID)
            return (try roots.tree(layers), stage.key, layers)
        case .image(let name):
            guard let image = images[name] else { throw BuildError("image \(displayed(name)): not found") }
            return try tree(of: image)
        case .context(let name, _):
            if let image = images[name] { return try tree(of: image) }
            guard let tree = contexts[name] else { throw BuildError("context \(displayed(name)): not found") }
            return (tree, nil, nil)
        case .scratch: return (try roots.tree([]), nil, [])
        case nil: throw BuildError("source \(displayed(from)): unknown")
        }
    }

    private func tree(
        of image: Store.Image
    ) throws(BuildError) -> (tree: SourceTree, key: Digest?, layers: [Digest]?) {
        let key = try BuildError.wrapping { () throws(DigestError) in try image.config.chainIDs().last }
        return (try roots.tree(image.config.diffIDs), key, image.config.diffIDs)
    }
}
