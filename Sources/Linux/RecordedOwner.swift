/// Owners, modes and types that are recorded in an attribute where the real ones cannot be had (SEMANTICS 9.5):
/// `uid:gid:mode:type`, as containers/storage and fuse-overlayfs write it.
public struct RecordedOwner: Equatable, Sendable {
    public var uid: UInt32
    public var gid: UInt32
    /// Permission and set-id bits.
    public var mode: UInt32
    /// S_IFMT bits and device number; nil where the record does not say.
    public var kind: Kind?

    public struct Kind: Equatable, Sendable {
        public var type: UInt32
        public var device: UInt64

        public init(type: UInt32, device: UInt64 = 0) {
            self.type = type
            self.device = device
        }
    }

    public init(uid: UInt32, gid: UInt32, mode: UInt32, kind: Kind?) {
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.kind = kind
    }

    /// nil for anything that is not such a record.
    public init?(_ value: [UInt8]) {
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
        return Kind(
            type: parts[0] == "block" ? 0o060000 : 0o020000, device: DeviceNumber(major: major, minor: minor).raw)
    }

    public var bytes: [UInt8] {
        var text = "\(uid):\(gid):0\(String(mode, radix: 8))"
        if let kind {
            if let plain = Self.kinds.first(where: { $0.type == kind.type }) {
                text += ":" + plain.name
            } else {
                let device = DeviceNumber(kind.device)
                text += ":\(kind.type == 0o060000 ? "block" : "char")-\(device.major)-\(device.minor)"
            }
        }
        return Array(text.utf8)
    }
}
