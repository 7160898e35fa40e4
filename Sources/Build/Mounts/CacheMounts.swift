internal import CLinux
internal import Dockerfile
import Glibc
internal import Linux
internal import OCI

/// The caches that a step has for itself, until it ends.
final class CacheLocks {
    private var held: [[UInt8]: SharedFile] = [:]

    /// - Returns: false where somebody else has it.
    func take(_ path: [UInt8]) throws(BuildError) -> Bool {
        if held[path] != nil { return true }
        let name = path + Array(".lock".utf8)
        held[path] = try naming("lock", name) { () throws(Errno) in
            let file = try FD.workingDirectory.open(name.cPath, [.readWrite, .create], mode: 0o600)
            return cl_flock_exclusive(file.raw) >= 0 ? SharedFile(file) : nil
        }
        return held[path] != nil
    }
}

/// `RUN --mount=type=cache`: directories that outlive the build, `cache/mounts/<digest of its id>` of the store.
extension StageBuild {
    private var cacheMounts: [UInt8] { session.store.cacheMounts }

    /// The digest of a cache mount's id.
    func cacheID(_ mount: Mount, _ state: StageState) throws(BuildError) -> Digest {
        let prefix = session.options.request.cacheMountNamespace.map { $0 + [.slash] } ?? []
        let id = prefix + (mount.id ?? target(mount, state))
        return try BuildError.wrapping { () throws(DigestError) in try Digest(of: id) }
    }

    private func cachePath(_ mount: Mount, _ state: StageState) throws(BuildError) -> [UInt8] {
        cacheMounts + Array("/\(try cacheID(mount, state).hex)".utf8)
    }

    /// Waits for all caches with `sharing=locked`, in one order for all steps: none waits for one that waits for it.
    func lockCaches(_ mounts: [Mount], _ state: StageState, _ locks: CacheLocks) throws(BuildError) {
        var paths: [[UInt8]] = []
        for mount in mounts where mount.kind == .cache && mount.sharing == .locked {
            paths.append(try cachePath(mount, state))
        }
        guard !paths.isEmpty else { return }
        try makeDirectory(cacheMounts, mode: 0o700)
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            try use(path)
            while try !locks.take(path) {
                try session.checkGoing()
                usleep(50_000)
            }
        }
    }

    func cacheDirectory(
        _ prepared: PreparedMount, _ state: StageState, _ locks: CacheLocks
    ) throws(BuildError) -> [UInt8] {
        let mount = prepared.mount
        let path = try cachePath(mount, state)
        try makeDirectory(cacheMounts, mode: 0o700)
        let id = try cacheID(mount, state)
        guard mount.sharing == .private else {
            try use(path)
            return try made(path, prepared, id)
        }
        // The first that nobody has.
        var number = 0
        while true {
            let own = path + Array("-\(number)".utf8)
            try use(own)
            if try locks.take(own) { return try made(own, prepared, id) }
            number += 1
        }
    }

    /// From here to the end of the build no prune takes the directory away.
    private func use(_ path: [UInt8]) throws(BuildError) {
        while try !session.holdUse(path + Array(".use".utf8)) {
            try session.checkGoing()
            usleep(50_000)
        }
    }

    /// The directory at `path`; a new one begins with what it was elsewhere, or else with what the mount is from, and is there only
    /// when it has all of it.
    private func made(_ path: [UInt8], _ prepared: PreparedMount, _ id: Digest) throws(BuildError) -> [UInt8] {
        if (try? FD.workingDirectory.status(path.cPath)) != nil { return path }
        let mount = prepared.mount
        let name = path.split(separator: .slash).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let known = try session.importedMount(name, id)
        let new = if let known { known } else { try session.makeDirectory("cache") }
        if known == nil, let tree = prepared.tree {
            let selection = try Selecting(
                from: tree, digests: session.digests, at: node.stage.location, interruption: session.interruption
            )
            .select([mount.source ?? [.slash]])
            let root = try naming("open", new) { () throws(Errno) in
                try FD.workingDirectory.open(new.cPath, [.readOnly, .directory])
            }
            try Copier(root: root.fd, options: CopyOptions(interruption: session.interruption)).copy(
                selection, to: Destination([.slash]))
        }
        try naming("make cache", path) { () throws(Errno) in
            try MountOwner.give(new, to: mount)
            try FD.workingDirectory.setMode(new.cPath, mount.mode ?? 0o755)
            do throws(Errno) {
                try FD.workingDirectory.rename(
                    new.cPath, to: .workingDirectory, path.cPath, flags: UInt32(CL_RENAME_NOREPLACE))
            } catch {
                // Another step was first.
                guard error == .exists else { throw error }
            }
        }
        return path
    }

    private func makeDirectory(_ path: [UInt8], mode: UInt32) throws(BuildError) {
        try naming("make", path) { () throws(Errno) in
            do throws(Errno) { try FD.workingDirectory.makeDirectory(path.cPath, mode: mode) } catch {
                guard error == .exists else { throw error }
            }
        }
    }
}
