internal import CLinux
public import Linux
internal import OCI
internal import Union

/// A layer of its own for what a container's mounts need to stand on: files and directories that the image lacks. It lies
/// between the image and the upper, so that no diff and no commit shows them.
public struct MountPoints {
    private let union: Union
    private let layer: FD

    /// An object of the image on the way to a mount point.
    private struct Step {
        let name: [UInt8]
        let status: Status
    }

    /// - Parameters:
    ///   - lowers: the image's, from top to bottom.
    ///   - layer: an empty directory.
    public init(lowers: [[UInt8]], layer: FD) throws(ContainerError) {
        var configuration = Configuration()
        configuration.lowers = lowers
        configuration.redirect = .follow
        do throws(Refusal) { union = try Union(configuration) } catch {
            throw ContainerError(.failed, "\(error)")
        }
        self.layer = layer
    }

    /// Everything that a sandbox with these mounts stands on.
    ///
    /// - Throws: ``ContainerError``.
    public func makeAll(_ mounts: [SandboxSpec.Mount]) throws(ContainerError) {
        for path in ["/proc", "/sys", "/dev"] { try make(Array(path.utf8), isDirectory: true) }
        for path in NetworkFiles.paths { try make(Array(path.utf8), isDirectory: false) }
        for mount in mounts {
            var isDirectory = true
            if case .bind(let source) = mount.kind {
                isDirectory = try ContainerError.naming("mount \(printable(String(decoding: source, as: UTF8.self)))") {
                    () throws(Errno) in
                    // Bound to a name: a temporary would be closed before it is asked.
                    let opened = try FD.workingDirectory.open(source.cPath, .path)
                    return try opened.fd.status().isDirectory
                }
            }
            try make(mount.destination, isDirectory: isDirectory)
        }
    }

    /// Makes sure that there is something at `path`, which is absolute in the image.
    func make(_ path: [UInt8], isDirectory: Bool) throws(ContainerError) {
        try ContainerError.naming("make mount point \(printable(String(decoding: path, as: UTF8.self)))") {
            () throws(Errno) in
            let (there, missing) = try resolve(path)
            guard !missing.isEmpty else { return }
            try create(there, missing, isDirectory: isDirectory)
        }
    }

    /// As far as the path is there, and what is missing of it. Symlinks lead inside the image only.
    private func resolve(_ path: [UInt8]) throws(Errno) -> (there: [Step], missing: [[UInt8]]) {
        let slash = UInt8(ascii: "/")
        var rest = Array(path.split(separator: slash).map(Array.init).reversed())
        var there: [(step: Step, node: NodeID)] = []
        defer { for (_, node) in there { union.forget(node, count: 1) } }
        var links = 0
        while let name = rest.popLast() {
            if name == [0x2e] { continue }
            if name == [0x2e, 0x2e] {
                if let (_, node) = there.popLast() { union.forget(node, count: 1) }
                continue
            }
            let parent = there.last?.node ?? union.rootNode
            let key = name.cPath
            let found = try key.withUnsafeBufferPointer { (buffer) throws(Errno) -> Entry? in
                guard let base = buffer.baseAddress else { throw Errno.invalid }
                return try union.lookup(parent, Name(base))
            }
            guard let found else {
                return (there.map(\.step), [name] + rest.reversed().filter { $0 != [0x2e] && $0 != [0x2e, 0x2e] })
            }
            if found.status.isSymlink {
                defer { union.forget(found.node, count: 1) }
                links += 1
                guard links <= 40 else { throw Errno.loop }
                let target = try target(of: found.node)
                if target.first == slash {
                    for (_, node) in there { union.forget(node, count: 1) }
                    there = []
                }
                rest += target.split(separator: slash).map(Array.init).reversed()
                continue
            }
            there.append((Step(name: name, status: found.status), found.node))
            if !found.status.isDirectory, !rest.isEmpty { throw Errno.notDirectory }
        }
        return (there.map(\.step), [])
    }

    private func target(of node: NodeID) throws(Errno) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try buffer.withUnsafeMutableBufferPointer { (bytes) throws(Errno) in
            try union.readLink(node, into: UnsafeMutableRawBufferPointer(bytes))
        }
        return Array(buffer.prefix(count))
    }

    private func create(_ there: [Step], _ missing: [[UInt8]], isDirectory: Bool) throws(Errno) {
        var directory = try layer.reopen([.readOnly, .directory])
        let own = try directory.fd.status()
        for step in there {
            directory = try enter(directory.fd, step.name, step.status)
        }
        for (index, name) in missing.enumerated() {
            if index < missing.count - 1 || isDirectory {
                var status = own
                status.mode = 0o040755
                (status.uid, status.gid) = (0, 0)
                directory = try enter(directory.fd, name, status)
            } else if (try? directory.fd.status(name.cPath)) == nil {
                _ = try directory.fd.open(name.cPath, [.writeOnly, .create, .exclusive], mode: 0o644)
            }
        }
    }

    /// A directory of the layer that looks as `status` says: it stands above the image's own.
    private func enter(_ directory: FD, _ name: [UInt8], _ status: Status) throws(Errno) -> Descriptor {
        let key = name.cPath
        do throws(Errno) { try directory.makeDirectory(key, mode: 0o755) } catch {
            guard error == .exists else { throw error }
            return try directory.open(key, [.readOnly, .directory, .noFollow])
        }
        do throws(Errno) { try directory.setOwner(key, uid: status.uid, gid: status.gid) } catch {
            let owner = RecordedOwner(
                uid: status.uid, gid: status.gid, mode: status.mode & 0o7777, kind: .init(type: status.type))
            try directory.setAttribute(key, "user.containers.override_stat", owner.bytes)
        }
        try directory.setMode(key, status.mode & 0o7777)
        let time = Timestamp(seconds: status.mtime_s, nanoseconds: Int64(status.mtime_ns))
        try directory.setTimes(key, access: time, modified: time)
        return try directory.open(key, [.readOnly, .directory, .noFollow])
    }
}
