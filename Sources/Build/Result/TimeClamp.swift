internal import CLinux
internal import Linux

/// Makes nothing in a tree younger than a time: what a layer's directory shows is what its blob says.
enum TimeClamp {
    /// - Parameter latest: seconds since 1970.
    static func clamp(_ path: [UInt8], to latest: Int64) throws(Errno) {
        let root = try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        try clamp(root.fd, latest, depth: 0)
        try set([.dot], try root.fd.status(), in: root.fd, latest)
    }

    private static func clamp(_ directory: FD, _ latest: Int64, depth: Int) throws(Errno) {
        guard depth < 2048 else { throw Errno.nameTooLong }
        var names: [[UInt8]] = []
        try directory.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        for name in names {
            let status = try directory.status(name.cPath)
            if status.isDirectory {
                let inner = try directory.open(name.cPath, [.readOnly, .directory, .noFollow])
                try clamp(inner.fd, latest, depth: depth + 1)
            }
            try set(name, status, in: directory, latest)
        }
    }

    private static func set(_ name: [UInt8], _ status: Status, in directory: FD, _ latest: Int64) throws(Errno) {
        guard (status.mtime_s, Int64(status.mtime_ns)) > (latest, 0) else { return }
        try directory.setTimes(name.cPath, access: .keep, modified: Timestamp(seconds: latest, nanoseconds: 0))
    }
}
