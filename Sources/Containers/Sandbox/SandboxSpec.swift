/// What runs in a sandbox, and what it may see and do.
public struct SandboxSpec: Sendable {
    public enum Network: String, Sendable, CaseIterable {
        /// A namespace with nothing in it but a loopback device.
        case none
        /// The machine's own.
        case host
    }

    /// Something of the machine, or a new file system, at a place in the container.
    public struct Mount: Sendable {
        /// Absolute, in the container.
        public var destination: [UInt8]
        public var kind: Kind
        public var isReadOnly: Bool

        public enum Kind: Sendable {
            /// A file or directory of the machine, with what is mounted beneath it.
            case bind([UInt8])
            /// Bytes at most, and permission bits.
            case temporary(size: Int64?, mode: UInt32)
        }

        public init(_ kind: Kind, at destination: [UInt8], isReadOnly: Bool = false) {
            self.kind = kind
            self.destination = destination
            self.isReadOnly = isReadOnly
        }
    }

    /// The container's root directory.
    public var root: [UInt8]
    public var isReadOnly = false
    public var arguments: [String]
    /// `NAME=VALUE`.
    public var environment: [String] = []
    public var workingDirectory = "/"
    public var user = ImageUser()
    /// Standard input is a terminal, and the container gets one of its own.
    public var hasTerminal = false
    public var network = Network.host
    public var hostname: String
    public var mounts: [Mount] = []
    public var capabilities = Capabilities.standard
    /// All capabilities, all system calls, nothing masked: `--privileged`, `RUN --security=insecure`.
    public var isUnconfined = false
    /// How many processes and threads there may be at a time, where the runtime can hold to that, which
    /// bubblewrap cannot; nil leaves it to the machine.
    public var processLimit: Int64?

    public init(root: [UInt8], arguments: [String], hostname: String) {
        self.root = root
        self.arguments = arguments
        self.hostname = hostname
    }
}

/// Capabilities by name (capabilities(7)).
public enum Capabilities {
    /// What Docker gives by default.
    public static let standard = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
        "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
        "CAP_SYS_CHROOT",
    ]

    public static let all = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
    ]

    /// A set with `--cap-add` and `--cap-drop` applied; names with or without `CAP_`, in any case, or `ALL`.
    ///
    /// - Throws: ``ContainerError`` for a name that is none.
    public static func changed(adding: [String], dropping: [String]) throws(ContainerError) -> [String] {
        var set = Set(standard)
        for name in dropping {
            if name.uppercased() == "ALL" { set = [] } else { set.remove(try known(name)) }
        }
        for name in adding {
            if name.uppercased() == "ALL" { set = Set(all) } else { set.insert(try known(name)) }
        }
        return set.sorted()
    }

    private static func known(_ name: String) throws(ContainerError) -> String {
        let upper = name.uppercased()
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        guard all.contains(full) else { throw ContainerError(.failed, "capability \(name): there is none") }
        return full
    }
}
