/// A sandbox as bwrap(1) takes it, for machines without an OCI runtime.
///
/// It has no list of system calls, and another user than root is one in a namespace of its own: his files belong to root outside.
struct BubblewrapArguments {
    let words: [[UInt8]]

    init(_ spec: SandboxSpec) {
        var words: [[UInt8]] = []
        func add(_ texts: String...) { words += texts.map { Array($0.utf8) } }
        func add(_ option: String, _ paths: [UInt8]...) { words += [Array(option.utf8)] + paths }
        add("--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", spec.hostname)
        if spec.network == .none { add("--unshare-net") }
        if spec.user.uid != 0 || spec.user.gid != 0 {
            add("--unshare-user", "--uid", "\(spec.user.uid)", "--gid", "\(spec.user.gid)")
        }
        add(spec.isReadOnly ? "--ro-bind" : "--bind", spec.root, Array("/".utf8))
        add("--proc", "/proc")
        add("--dev", "/dev")
        add("--ro-bind", "/sys", "/sys")
        for mount in spec.mounts {
            switch mount.kind {
            case .bind(let source): add(mount.isReadOnly ? "--ro-bind" : "--bind", source, mount.destination)
            case .temporary(let size, let mode):
                add("--perms", "0\(String(mode, radix: 8))")
                if let size { add("--size", "\(size)") }
                add("--tmpfs", mount.destination)
            }
        }
        add("--cap-drop", "ALL")
        if spec.user.uid == 0 {
            for name in spec.isUnconfined ? Capabilities.all : spec.capabilities { add("--cap-add", name) }
        }
        add("--chdir", spec.workingDirectory, "--clearenv")
        for variable in spec.environment {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { add("--setenv", String(parts[0]), String(parts[1])) }
        }
        add("--")
        self.words = words + spec.arguments.map { Array($0.utf8) }
    }
}
