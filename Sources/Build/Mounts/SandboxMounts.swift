internal import CLinux
internal import Containers
internal import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// Mounts of a `RUN` as the sandbox takes them.
extension StageBuild {
    func sandboxMounts(
        _ mounts: [PreparedMount], _ state: StageState, _ bundle: [UInt8]
    ) throws(BuildError) -> [SandboxSpec.Mount] {
        var result: [SandboxSpec.Mount] = []
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
                let source = try cacheDirectory(prepared, state)
                result.append(.init(.bind(source), at: target(mount, state), isReadOnly: mount.isReadOnly))
            case .secret:
                guard mount.environment == nil || mount.target != nil, let value = try secretValue(secretID(mount))
                else { continue }
                let file = try secretFile(value, mount, place)
                let fallback = Array("/run/secrets/".utf8) + (secretID(mount).split(separator: .slash).last ?? [])
                result.append(
                    .init(.bind(file), at: mount.target == nil ? fallback : target(mount, state), isReadOnly: true))
            case .ssh:
                guard let socket = session.options.agents[mount.id ?? Array("default".utf8)] else { continue }
                result.append(.init(.bind(socket), at: agentTarget(mount)))
            }
        }
        return result
    }

    private func target(_ mount: Mount, _ state: StageState) -> [UInt8] {
        Destination(mount.target ?? [], workingDirectory: Array(state.workingDirectory.utf8)).path
    }

    /// The file or directory that a bind mount shows; what may be written to is a copy, thrown away afterwards.
    private func bindSource(_ prepared: PreparedMount, _ place: [UInt8]) throws(BuildError) -> [UInt8] {
        guard let tree = prepared.tree else { throw BuildError("bind mount: it is from nothing") }
        let source = prepared.mount.source ?? [.slash]
        let names = try naming("find", source) { () throws(Errno) in
            try RootedPath.resolve(source, in: tree.root.descriptor.fd)
        }
        if prepared.mount.isReadOnly, tree.ignore == nil {
            let chain = DirectoryChain(tree.root.descriptor.fd)
            let opened = try naming("open", source) { () throws(Errno) -> Descriptor in
                guard let last = names.last else { return try tree.root.descriptor.fd.reopen([.path, .directory]) }
                let parent = try chain.directory(names.dropLast())
                return try parent.fd.open(last.cPath, [.path, .noFollow])
            }
            // By its descriptor: nobody can put a link in its way.
            return try path(of: opened.fd)
        }
        let selection = try Selecting(
            from: tree, digests: session.digests, at: node.stage.location
        ).select([source])
        let isDirectory = selection.items.first.map { $0.form == .directory } ?? true
        try naming("make", place) { () throws(Errno) in
            try FD.workingDirectory.makeDirectory(place.cPath, mode: 0o755)
        }
        let root = try naming("open", place) { () throws(Errno) in
            try FD.workingDirectory.open(place.cPath, [.readOnly, .directory])
        }
        try Copier(root: root.fd).copy(selection, to: Destination(Array("/".utf8)))
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

    /// A directory that outlives the build: `cache/mounts/<digest of its id>` of the store.
    private func cacheDirectory(_ prepared: PreparedMount, _ state: StageState) throws(BuildError) -> [UInt8] {
        let mount = prepared.mount
        let prefix = session.options.request.cacheMountNamespace.map { $0 + [.slash] } ?? []
        let id = prefix + (mount.id ?? target(mount, state))
        let digest = try BuildError.wrapping { () throws(DigestError) in try Digest(of: id) }
        let parent = session.store.cacheMounts
        try makeDirectory(parent, mode: 0o700)
        if mount.sharing == .private {
            // The first that nobody has.
            var number = 0
            while true {
                let path = parent + Array("/\(digest.hex)-\(number)".utf8)
                try use(path)
                let isNew = try makeDirectory(path, mode: mount.mode ?? 0o755)
                if try lock(path, waits: false) { return try filled(path, prepared, isNew) }
                number += 1
            }
        }
        let path = parent + Array("/\(digest.hex)".utf8)
        try use(path)
        let isNew = try makeDirectory(path, mode: mount.mode ?? 0o755)
        if mount.sharing == .locked { _ = try lock(path, waits: true) }
        return try filled(path, prepared, isNew)
    }

    @discardableResult
    private func makeDirectory(_ path: [UInt8], mode: UInt32) throws(BuildError) -> Bool {
        try naming("make", path) { () throws(Errno) in
            do throws(Errno) { try FD.workingDirectory.makeDirectory(path.cPath, mode: mode) } catch {
                guard error == .exists else { throw error }
                return false
            }
            try FD.workingDirectory.setMode(path.cPath, mode)
            return true
        }
    }

    private func filled(_ path: [UInt8], _ prepared: PreparedMount, _ isNew: Bool) throws(BuildError) -> [UInt8] {
        guard isNew else { return path }
        let mount = prepared.mount
        if mount.uid != nil || mount.gid != nil {
            try? FD.workingDirectory.setOwner(path.cPath, uid: mount.uid ?? 0, gid: mount.gid ?? 0)
        }
        if let tree = prepared.tree {
            let selection = try Selecting(from: tree, digests: session.digests, at: node.stage.location)
                .select([mount.source ?? [.slash]])
            let root = try naming("open", path) { () throws(Errno) in
                try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
            }
            try Copier(root: root.fd).copy(selection, to: Destination(Array("/".utf8)))
        }
        return path
    }

    /// Until the build ends, a prune leaves the mount alone.
    private func use(_ path: [UInt8]) throws(BuildError) {
        while try !session.holdUse(path + Array(".use".utf8)) {
            try session.checkGoing()
            usleep(50_000)
        }
    }

    /// Held until the build ends.
    private func lock(_ path: [UInt8], waits: Bool) throws(BuildError) -> Bool {
        let name = path + Array(".lock".utf8)
        while true {
            try session.checkGoing()
            if try session.holdLock(name) { return true }
            if !waits { return false }
            usleep(50_000)
        }
    }

    /// In memory only, and gone with the build's own mounts.
    private func secretFile(_ value: [UInt8], _ mount: Mount, _ place: [UInt8]) throws(BuildError) -> [UInt8] {
        try naming("mount secret", secretID(mount)) { () throws(Errno) in
            try FD.workingDirectory.makeDirectory(place.cPath, mode: 0o700)
            try check(cl_mount("tmpfs", place.cPath, "tmpfs", UInt(CL_MS_NOSUID) | UInt(CL_MS_NODEV), "mode=0700"))
            let path = place + Array("/secret".utf8)
            let file = try FD.workingDirectory.open(path.cPath, [.writeOnly, .create, .exclusive], mode: 0o600)
            try file.fd.writeAll(value)
            try FD.workingDirectory.setMode(path.cPath, mount.mode ?? 0o400)
            if mount.uid != nil || mount.gid != nil {
                try? FD.workingDirectory.setOwner(path.cPath, uid: mount.uid ?? 0, gid: mount.gid ?? 0)
            }
            return path
        }
    }
}
