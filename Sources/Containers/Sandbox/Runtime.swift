internal import CLinux
import Glibc
public import Linux
internal import OCI

/// The program that isolates: an OCI runtime, or bubblewrap.
public struct Runtime: Equatable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case runc, crun, bwrap
    }

    public let kind: Kind
    public let path: [UInt8]

    /// The one that is asked for, or the first that this machine has.
    ///
    /// - Parameter name: `runc`, `crun`, `bwrap`, or a path that ends so.
    /// - Throws: ``ContainerError`` where there is none.
    public static func find(_ name: String? = nil) throws(ContainerError) -> Runtime {
        if let name {
            let last = name.split(separator: "/").last.map(String.init) ?? name
            guard let kind = Kind(rawValue: last) else {
                throw ContainerError(.failed, "runtime \(printable(name)): runc, crun and bwrap are known")
            }
            guard let path = name.contains("/") ? Array(name.utf8) : search(last) else {
                throw ContainerError(.failed, "runtime \(name): not found")
            }
            return Runtime(kind: kind, path: path)
        }
        let found = Kind.allCases.compactMap { kind in search(kind.rawValue).map { Runtime(kind: kind, path: $0) } }
        guard let first = found.first else {
            throw ContainerError(
                .failed, "find a runtime: neither runc, crun nor bwrap is here; install the package runc, or bubblewrap"
            )
        }
        if first.kind == .bwrap || MountTable.read().contains(where: { ["cgroup", "cgroup2"].contains($0.type) }) {
            return first
        }
        guard let other = found.first(where: { $0.kind == .bwrap }) else {
            throw ContainerError(
                .failed,
                "find a runtime: \(first.kind.rawValue) needs control groups, and /sys/fs/cgroup has none; "
                    + "mount them, or install bubblewrap")
        }
        return other
    }

    private static func search(_ name: String) -> [UInt8]? {
        let places = getenv("PATH").map { String(cString: $0) } ?? ""
        // Runtimes lie where only root's PATH leads.
        for directory in places.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin"] {
            let path = Array("\(directory)/\(name)".utf8)
            if access(path.cPath, X_OK) == 0 { return path }
        }
        return nil
    }

    /// Starts a container.
    ///
    /// - Parameters:
    ///   - id: of at most 64 letters, digits and hyphens.
    ///   - directory: one of its own for what the runtime keeps; it may stay there.
    ///   - descriptors: standard input, output and error, where they are not this process's own.
    public func start(
        _ spec: SandboxSpec, id: String, in directory: [UInt8], descriptors: [(number: Int32, FD)] = []
    ) throws(ContainerError) -> ChildProcess {
        let words: [[UInt8]]
        switch kind {
        case .bwrap: words = [path] + BubblewrapArguments(spec).words
        case .runc, .crun:
            var configuration = RuntimeConfiguration(spec)
            if UserNamespace.ids == 1, !spec.isUnconfined {
                configuration.ownership = try OwnershipAgent.started(root: spec.root, in: directory).socket
            }
            let bytes = try configuration.bytes()
            try ContainerError.naming("write the container's configuration") { () throws(Errno) in
                let bundle = try FD.workingDirectory.open(directory.cPath, [.readOnly, .directory])
                let file = try bundle.fd.open("config.json", [.writeOnly, .create, .truncate], mode: 0o600)
                try file.fd.writeAll(bytes)
            }
            words =
                [path, Array("--root".utf8), directory + Array("/state".utf8), Array("run".utf8)]
                + [Array("--bundle".utf8), directory, Array(id.utf8)]
        }
        return try ContainerError.naming("start \(kind.rawValue)") { () throws(Errno) in
            try ChildProcess(words, descriptors: descriptors)
        }
    }

    /// Ends a container whose runtime was killed.
    public func clean(id: String, in directory: [UInt8]) {
        guard kind != .bwrap, let null = try? FD.workingDirectory.open("/dev/null", .readWrite) else { return }
        let words =
            [path, Array("--root".utf8), directory + Array("/state".utf8)]
            + ["delete", "--force", id].map { Array($0.utf8) }
        _ = (try? ChildProcess(words, descriptors: [(1, null.fd), (2, null.fd)]))?.wait()
    }
}
