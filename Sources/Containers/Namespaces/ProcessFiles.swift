internal import Linux

/// `/proc` as others made it: in a user namespace a new one can be mounted only where a whole one is seen already
/// (user_namespaces(7), "mount_too_revealing" of the kernel). Container engines cover parts of theirs.
enum ProcessFiles {
    /// What covers a part of it; nil where that is no trouble.
    static func hidden() -> String? {
        if Privileges.current().administrator { return nil }
        let mounts = MountTable.read()
        let whole = mounts.filter { $0.type == "proc" && $0.root == "/" }
        var found: String?
        for proc in whole {
            // It holds nothing.
            let covers = mounts.filter {
                $0.place.hasPrefix(proc.place + "/") && $0.place != "/proc/sys/fs/binfmt_misc"
            }
            guard let first = covers.first else { return nil }
            found = found ?? first.place
        }
        return found ?? "/proc"
    }
}

/// What is mounted for this process (proc_pid_mountinfo(5)).
enum MountTable {
    struct Mount {
        let root: String
        let place: String
        let type: String
    }

    static func read() -> [Mount] {
        let bytes = (try? FD.workingDirectory.contents(of: "/proc/self/mountinfo", atMost: 16 << 20)) ?? []
        return bytes.split(separator: 10).compactMap { line in
            let fields = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
            guard let end = fields.firstIndex(of: "-"), fields.count > end + 1, end > 4 else { return nil }
            return Mount(root: fields[3], place: fields[4], type: fields[end + 1])
        }
    }
}
