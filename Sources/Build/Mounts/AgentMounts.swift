internal import Containers
internal import Dockerfile
internal import Linux

/// `RUN --mount=type=ssh`: sockets behind which agents of the machine are, for as long as the value lives.
struct AgentMounts {
    private(set) var mounts: [SandboxSpec.Mount] = []
    private var relays: [SocketRelay] = []

    /// What the command finds the first of them by.
    var environment: [String] {
        mounts.first.map { ["SSH_AUTH_SOCK=\(displayed($0.destination))"] } ?? []
    }

    /// - Parameters:
    ///   - agents: sockets of the machine, by id; a mount of another id is none.
    ///   - bundle: a directory for the sockets.
    init(
        _ mounts: [Mount], agents: [[UInt8]: [UInt8]], workingDirectory: String, in bundle: [UInt8]
    ) throws(BuildError) {
        for (index, mount) in mounts.filter({ $0.kind == .ssh }).enumerated() {
            let id = mount.id ?? Array("default".utf8)
            guard let agent = agents[id] else { continue }
            let name = Array("agent-\(index)".utf8)
            let path = bundle + [.slash] + name
            try naming("pass on ssh agent", id) { () throws(Errno) in
                let directory = try FD.workingDirectory.open(bundle.cPath, [.path, .directory])
                relays.append(try SocketRelay(name, in: directory.fd, to: agent))
                try MountOwner.give(path, to: mount)
                try FD.workingDirectory.setMode(path.cPath, mount.mode ?? 0o600)
            }
            let place = mount.target ?? Array("/run/buildkit/ssh_agent.\(index)".utf8)
            let target = Destination(place, workingDirectory: Array(workingDirectory.utf8)).path
            self.mounts.append(.init(.bind(path), at: target))
        }
    }
}
