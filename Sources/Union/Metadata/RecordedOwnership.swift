import CLinux
import Glibc
import Linux

/// Owners, modes and types that are recorded in an attribute where the real ones cannot be had (SEMANTICS 9.5):
/// `uid:gid:mode:type`, as containers/storage and fuse-overlayfs write it.
struct RecordedOwner: Equatable {
    var uid: UInt32
    var gid: UInt32
    /// Permission and set-id bits.
    var mode: UInt32
    /// S_IFMT bits and device number; nil where the record does not say.
    var kind: Kind?

    struct Kind: Equatable {
        var type: UInt32
        var device: UInt64 = 0
    }

    init(uid: UInt32, gid: UInt32, mode: UInt32, kind: Kind?) {
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.kind = kind
    }

    /// nil for anything that is not such a record.
    init?(_ value: [UInt8]) {
        let fields = value.split(separator: 0x3a, omittingEmptySubsequences: false)
        guard fields.count == 3 || fields.count == 4 else { return nil }
        func number(_ field: ArraySlice<UInt8>, radix: Int) -> UInt32? {
            UInt32(String(decoding: field, as: UTF8.self), radix: radix)
        }
        guard let uid = number(fields[0], radix: 10), let gid = number(fields[1], radix: 10),
            let mode = number(fields[2], radix: 8)
        else { return nil }
        self.init(uid: uid, gid: gid, mode: mode & 0o7777, kind: nil)
        if fields.count == 4 {
            guard let kind = Self.kind(String(decoding: fields[3], as: UTF8.self)) else { return nil }
            self.kind = kind
        }
    }

    private static let kinds: [(name: String, type: UInt32)] = [
        ("file", 0o100000), ("dir", 0o040000), ("symlink", 0o120000), ("pipe", 0o010000), ("socket", 0o140000),
    ]

    private static func kind(_ text: String) -> Kind? {
        if let plain = kinds.first(where: { $0.name == text }) { return Kind(type: plain.type) }
        let parts = text.split(separator: "-")
        guard parts.count == 3, parts[0] == "block" || parts[0] == "char", let major = UInt32(parts[1]),
            let minor = UInt32(parts[2])
        else { return nil }
        return Kind(type: parts[0] == "block" ? 0o060000 : 0o020000, device: UInt64(makedev(major, minor)))
    }

    var bytes: [UInt8] {
        var text = "\(uid):\(gid):0\(String(mode, radix: 8))"
        if let kind {
            if let plain = Self.kinds.first(where: { $0.type == kind.type }) {
                text += ":" + plain.name
            } else {
                text +=
                    ":\(kind.type == 0o060000 ? "block" : "char")-\(major(dev_t(kind.device)))-\(minor(dev_t(kind.device)))"
            }
        }
        return Array(text.utf8)
    }

    private func major(_ device: dev_t) -> UInt32 { UInt32(device >> 8 & 0xfff | device >> 32 & ~0xfff) }
    private func minor(_ device: dev_t) -> UInt32 { UInt32(device & 0xff | device >> 12 & ~0xff & 0xffff_ffff) }
    private func makedev(_ major: UInt32, _ minor: UInt32) -> UInt64 { Self.makedev(major, minor) }
    private static func makedev(_ major: UInt32, _ minor: UInt32) -> UInt64 {
        UInt64(major & 0xfff) << 8 | UInt64(major & ~0xfff) << 32 | UInt64(minor & 0xff) | UInt64(minor & ~0xff) << 12
    }
}

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

    /// The owner as the options want it shown.
    func shownOwner(_ real: Status) -> Status {
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
