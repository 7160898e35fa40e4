internal import Linux
internal import OCI

/// The `config.json` of a bundle: a sandbox in the words of the OCI runtime specification.
struct RuntimeConfiguration {
    let spec: SandboxSpec
    /// Root of the machine's own user namespace.
    let isMachineRoot: Bool
    /// The socket of an ``OwnershipAgent``.
    var ownership: String?

    init(_ spec: SandboxSpec) {
        self.spec = spec
        isMachineRoot = Privileges.current().administrator
    }

    /// - Throws: ``ContainerError`` for a path that is no UTF-8, which JSON cannot say.
    func bytes() throws(ContainerError) -> [UInt8] {
        var object = JSONObject()
        object["ociVersion"] = "1.0.2"
        object["process"] = process
        object["root"] = ["path": try text(spec.root), "readonly": .bool(spec.isReadOnly)]
        object["hostname"] = .string(spec.hostname)
        object["mounts"] = .array(try mounts())
        object["linux"] = linux
        return JSON.object(object).canonicalBytes
    }

    private func text(_ path: [UInt8]) throws(ContainerError) -> JSON {
        guard let text = String(validating: path, as: UTF8.self) else {
            let shown = printable(String(decoding: path, as: UTF8.self))
            throw ContainerError(.failed, "mount \(shown): the runtime takes only paths in UTF-8")
        }
        return .string(text)
    }

    private var process: JSON {
        var process = JSONObject()
        process["terminal"] = .bool(spec.hasTerminal)
        process["user"] = [
            "uid": .integer(Int64(spec.user.uid)), "gid": .integer(Int64(spec.user.gid)),
            "additionalGids": .array(spec.user.groups.map { .integer(Int64($0)) }),
        ]
        process["args"] = JSON(spec.arguments)
        process["env"] = JSON(spec.environment)
        process["cwd"] = .string(spec.workingDirectory)
        let bounding = JSON(spec.isUnconfined ? Capabilities.all : spec.capabilities)
        // Another user gets them by set-id programs only.
        let own: JSON = spec.user.uid == 0 ? bounding : []
        process["capabilities"] = ["bounding": bounding, "effective": own, "permitted": own, "inheritable": []]
        process["noNewPrivileges"] = false
        if let limit = spec.processLimit, !isMachineRoot { process["rlimits"] = ProcessLimit.rlimits(limit) }
        return .object(process)
    }

    private func mounts() throws(ContainerError) -> [JSON] {
        var terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
        if UserNamespace.ids > 5 { terminals.append("gid=5") }
        var mounts: [JSON] = [
            mount("proc", "proc", "/proc", ["nosuid", "noexec", "nodev"]),
            mount("tmpfs", "tmpfs", "/dev", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("devpts", "devpts", "/dev/pts", terminals),
            mount("tmpfs", "shm", "/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            mount("mqueue", "mqueue", "/dev/mqueue", ["nosuid", "noexec", "nodev"]),
        ]
        let quiet = ["nosuid", "noexec", "nodev", spec.isUnconfined ? "rw" : "ro"]
        // A new sysfs shows the network's devices, and so belongs to the network namespace.
        if spec.network == .none || isMachineRoot {
            mounts.append(mount("sysfs", "sysfs", "/sys", quiet))
        } else {
            mounts.append(mount("none", "/sys", "/sys", ["rbind"] + quiet))
        }
        for entry in spec.mounts {
            var object = JSONObject()
            object["destination"] = try text(entry.destination)
            let access = entry.isReadOnly ? "ro" : "rw"
            switch entry.kind {
            case .bind(let source):
                object["type"] = "bind"
                object["source"] = try text(source)
                object["options"] = JSON(["rbind", "rprivate", access])
            case .temporary(let size, let mode):
                object["type"] = "tmpfs"
                object["source"] = "tmpfs"
                let limit = size.map { ["size=\($0)"] } ?? []
                let options = ["nosuid", "nodev", access, "mode=\(String(mode, radix: 8))"] + limit
                object["options"] = JSON(options)
            }
            mounts.append(.object(object))
        }
        return mounts
    }

    private func mount(_ type: String, _ source: String, _ destination: String, _ options: [String]) -> JSON {
        [
            "type": .string(type), "source": .string(source), "destination": .string(destination),
            "options": JSON(options),
        ]
    }

    private var linux: JSON {
        var linux = JSONObject()
        let namespaces = ["pid", "ipc", "uts", "mount"] + (spec.network == .none ? ["network"] : [])
        linux["namespaces"] = .array(namespaces.map { ["type": .string($0)] })
        if let limit = spec.processLimit, isMachineRoot { linux["resources"] = ProcessLimit.resources(limit) }
        if !spec.isUnconfined {
            linux["seccomp"] = SeccompProfile.json(ids: UserNamespace.ids, ownership: ownership)
            linux["maskedPaths"] = JSON(Self.masked)
            linux["readonlyPaths"] = JSON(Self.readOnly)
        }
        return .object(linux)
    }

    // What Docker hides and protects of /proc and /sys.
    private static let masked = [
        "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    private static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
