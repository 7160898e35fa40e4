internal import CLinux
internal import Containers
internal import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// Mounts of a `RUN` as the sandbox takes them.
extension StageBuild {
    func sandboxMounts(
        _ mounts: [PreparedMount], _ state: StageState, _ bundle: [UInt8], _ locks: CacheLocks
    ) throws(BuildError) -> [SandboxSpec.Mount] {
        var result: [SandboxSpec.Mount] = []
        try lockCaches(mounts.map(\.mount), state, locks)
        for (index, prepared) in mounts.enumerated() {
            let mount = prepared.mount
            let place = bundle + Array("/mount-\(index)".utf8)
            switch mount.kind {
            case .tmpfs:
                result.append(
                    .init(.temporary(size: mount.size.map(Int64.init), mode: 0o1777), at: target(mount, state)))
            case .bind:
                let source = try bindSource(prepared, place)
                result.append(.init(.bind(source), at: target(mount, state), isReadOnly: mount.isReadOnly))
            case .cache:
                let source = try cacheDirectory(prepared, state, locks)
                result.append(.init(.bind(source), at: target(mount, state), isReadOnly: mount.isReadOnly))
            case .secret:
                guard mount.environment == nil || mount.target != nil, let value = try secretValue(secretID(mount))
                else { continue }
                let file = try secretFile(value, mount, place)
                let fallback = Array("/run/secrets/".utf8) + (secretID(mount).split(separator: .slash).last ?? [])
                result.append(
                    .init(.bind(file), at: mount.target == nil ? fallback : target(mount, state), isReadOnly: true))
            case .ssh: continue
            }
        }
        return result
    }

    func target(_ mount: Mount, _ state: StageState) -> [UInt8] {
        Destination(mount.target ?? [], workingDirectory: Array(state.workingDirectory.utf8)).path
    }

    /// The file or directory that a bind mount shows; what may be written to is a copy, thrown away afterwards.
    private func bindSource(_ prepared: PreparedMount, _ place: [UInt8]) throws(BuildError) -> [UInt8] {
        guard let tree = prepared.tree else { throw BuildError("bind mount: it is from nothing") }
        let source = prepared.mount.source ?? [.slash]
        let names = try naming("find", source) { () throws(Errno) in try RootedPath.resolve(source, in: tree.root) }
        if prepared.mount.isReadOnly, tree.ignore == nil {
            let shown = if let layers = prepared.layers { try roots.mounted(layers) } else { tree }
            // By its descriptor: nobody can put a link in its way.
            let opened = try naming("open", source) { () throws(Errno) -> Descriptor in
                let parent = try DirectoryChain(shown.root).directory(names.dropLast())
                guard let plain = parent as? PlainDirectory else { throw .notSupported }
                return try plain.fd.open((names.last ?? [.dot]).cPath, [.path, .noFollow])
            }
            return try path(of: opened.fd)
        }
        let selection = try Selecting(
            from: tree, digests: session.digests, at: node.stage.location, interruption: session.interruption
        ).select([source])
        let isDirectory = selection.items.first.map { $0.form == .directory } ?? true
        try naming("make", place) { () throws(Errno) in
            try FD.workingDirectory.makeDirectory(place.cPath, mode: 0o755)
        }
        let root = try naming("open", place) { () throws(Errno) in
            try FD.workingDirectory.open(place.cPath, [.readOnly, .directory])
        }
        try Copier(root: root.fd, options: CopyOptions(interruption: session.interruption)).copy(
            selection, to: Destination(Array("/".utf8)))
        return isDirectory ? place : place + [.slash] + (names.last ?? [])
    }

    private func path(of fd: FD) throws(BuildError) -> [UInt8] {
        try naming("open", []) { () throws(Errno) in
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = try buffer.withUnsafeMutableBufferPointer { (bytes) throws(Errno) in
                try FD.workingDirectory.readLink(
                    "/proc/self/fd/\(fd.raw)", into: UnsafeMutableRawBufferPointer(bytes))
            }
            return Array(buffer.prefix(count))
        }
    }

    /// In the bundle, which is in memory where there are secrets.
    private func secretFile(_ value: [UInt8], _ mount: Mount, _ path: [UInt8]) throws(BuildError) -> [UInt8] {
        try naming("mount secret", secretID(mount)) { () throws(Errno) in
            let file = try FD.workingDirectory.open(path.cPath, [.writeOnly, .create, .exclusive], mode: 0o600)
            try file.fd.writeAll(value)
            try MountOwner.give(path, to: mount)
            try FD.workingDirectory.setMode(path.cPath, mount.mode ?? 0o400)
            return path
        }
    }
}
