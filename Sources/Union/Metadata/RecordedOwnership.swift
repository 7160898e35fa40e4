import CLinux
import Glibc
import Linux

extension Union {
    /// Whether owners of this layer's objects may be recorded: one more call for each, so only where they may.
    func readsOwnership(_ layer: Int) -> Bool {
        configuration.ownership.attribute != nil || layers[layer].recordsOwnership || layer == 0 && ownershipRecorded
    }

    private var ownershipKeys: [[CChar]] {
        let attributes: [Ownership.Attribute] =
            configuration.ownership.attribute.map { [$0] } ?? [.containers, .privileged]
        return attributes.map { $0.rawValue.utf8.map { CChar(bitPattern: $0) } + [0] }
    }

    func recordedOwner(_ fd: FD, _ name: CPath) -> RecordedOwner? {
        for key in ownershipKeys {
            if let value = try? fd.attribute(name, key), let record = RecordedOwner(value) { return record }
        }
        return nil
    }

    func overridden(_ real: Status, _ fd: FD, _ name: CPath) -> Status {
        guard let record = recordedOwner(fd, name) else { return real }
        var status = real
        status.uid = record.uid
        status.gid = record.gid
        status.mode = real.type | record.mode
        // A record may make a special file of an empty regular one, never a directory or the reverse.
        if let kind = record.kind, real.isRegular, kind.type != 0o040000 {
            status.mode = kind.type | record.mode
            status.rdev = kind.device
        }
        return status
    }

    /// Writes a record on an object of the upper, and on the upper's root that there are some.
    func record(_ owner: RecordedOwner, _ fd: FD, _ name: CPath) throws(Errno) {
        let key = ownershipKeys[0]
        if !ownershipRecorded, let root = root.pointee.directory?.pointee.upper {
            let top = FD(root.pointee.descriptor)
            let status = try top.status()
            let own = RecordedOwner(
                uid: status.uid, gid: status.gid, mode: status.mode & 0o7777, kind: .init(type: 0o040000))
            try top.setAttribute("", key, own.bytes)
            ownershipRecorded = true
        }
        try fd.setAttribute(name, key, owner.bytes)
    }

    /// Whether a change of owner that the kernel refuses us is recorded instead.
    var recordsOwners: Bool { configuration.ownership.attribute != nil || !privileges.manyOwners }

    /// Where everything is shown as one owner's, no chown(2) says another: this attribute does, for who answers such calls
    /// in the kernel's place (SEMANTICS 9.5).
    func givesOwner(_ key: CPath) -> Bool {
        guard configuration.ownership.squashUID != nil, recordsOwners else { return false }
        return strcmp(key, Ownership.Attribute.containers.rawValue) == 0
    }

    /// - Parameter value: `UID:GID`, where 4294967295 keeps what is.
    func recordOwner(_ node: Node, _ value: [UInt8]) throws(Errno) {
        let fields = value.split(separator: 0x3a, omittingEmptySubsequences: false)
        guard fields.count == 2, let uid = UInt32(String(decoding: fields[0], as: UTF8.self)),
            let gid = UInt32(String(decoding: fields[1], as: UTF8.self))
        else { throw Errno.invalid }
        if !node.pointee.flags.contains(.inUpper) { try copyUp(node, data: .metadataOnly) }
        enterBody(node)
        defer { leaveBody(node) }
        try retryingWithoutIdleDirectories { () throws(Errno) in
            try withObject(node, settled: true) { (fd, name) throws(Errno) in
                let real = try fd.status(name)
                let before = recordedOwner(fd, name)
                var mode = before?.mode ?? real.mode & 0o7777
                // As chown(2) does to what can be executed.
                if real.isRegular, mode & 0o6000 != 0 {
                    mode &= mode & 0o010 == 0 ? 0o3777 : 0o1777
                    try fd.setMode(name, mode)
                }
                let owner = RecordedOwner(
                    uid: uid == .max ? before?.uid ?? real.uid : uid, gid: gid == .max ? before?.gid ?? real.gid : gid,
                    mode: mode, kind: before?.kind ?? .init(type: real.type, device: real.rdev))
                try record(owner, fd, name)
            }
        }
    }

    /// The owner as the options want it shown.
    func shownOwner(_ real: Status) -> Status {
        guard mapsOwners else { return real }
        var status = real
        let ownership = configuration.ownership
        if !ownership.uidMapping.isEmpty { status.uid = shown(real.uid, ownership.uidMapping) }
        if !ownership.gidMapping.isEmpty { status.gid = shown(real.gid, ownership.gidMapping) }
        if let uid = ownership.squashUID { status.uid = uid }
        if let gid = ownership.squashGID { status.gid = gid }
        return status
    }

    private func shown(_ id: UInt32, _ ranges: [IDRange]) -> UInt32 {
        for range in ranges where id >= range.outside && id - range.outside < range.count {
            return range.inside &+ (id - range.outside)
        }
        return 65534
    }

    /// The layers' id for one that the mount shows; EINVAL has no place there.
    func stored(_ id: UInt32, _ ranges: [IDRange]) throws(Errno) -> UInt32 {
        if ranges.isEmpty || id == .max { return id }
        for range in ranges where id >= range.inside && id - range.inside < range.count {
            return range.outside &+ (id - range.inside)
        }
        throw Errno.invalid
    }
}
