/// The attribute `security.capability` (capabilities(7), "File capability extended attribute versioning").
struct FileCapabilities {
    /// The permitted set; nil where the attribute is malformed.
    private let permitted: UInt64?

    init(_ value: [UInt8]) {
        func word(_ index: Int) -> UInt32? {
            guard value.count >= index * 4 + 4 else { return nil }
            return (0..<4).reduce(UInt32(0)) { $0 | UInt32(value[index * 4 + $1]) << UInt32($1 * 8) }
        }
        guard let magic = word(0), let low = word(1) else {
            permitted = nil
            return
        }
        // Revision 1 has 32 bits, those after it 64.
        let high = magic >> 24 >= 2 ? word(3) ?? 0 : 0
        permitted = UInt64(high) << 32 | UInt64(low)
    }

    private static let names = [
        "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
        "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
        "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
        "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
        "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
        "checkpoint_restore",
    ]

    private static let harmless: Set<String> = ["net_bind_service", "net_raw", "net_broadcast", "ipc_lock", "sys_nice"]

    private var held: [String] {
        guard let permitted else { return [] }
        return Self.names.indices.filter { permitted >> UInt64($0) & 1 == 1 }.map { Self.names[$0] }
    }

    /// Whether any of them leads to more than its name says.
    var isDangerous: Bool { permitted == nil || held.contains { !Self.harmless.contains($0) } }

    var description: String {
        permitted == nil ? "a malformed attribute" : held.map { "cap_\($0)" }.joined(separator: ", ")
    }
}
