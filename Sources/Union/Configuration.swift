/// What a union is made of and how it behaves. Paths are bytes, as the kernel knows them.
public struct Configuration: Sendable {
    /// Top to bottom; at most 500 together with `dataLowers`.
    public var lowers: [[UInt8]] = []
    /// Data-only lowers: reached by an absolute redirect of a metacopy file alone (overlayfs.rst, "Data-only lower layers").
    public var dataLowers: [[UInt8]] = []
    /// Both or neither; without them the union is read-only.
    public var upper: [UInt8]?
    public var work: [UInt8]?

    public enum Redirect: Sendable { case on, off, follow, nofollow }
    /// Renaming directories of a lower, and following redirects (SEMANTICS 7.2). `off` follows and creates none.
    public var redirect = Redirect.off
    /// Changes of metadata copy no data (SEMANTICS 5.4).
    public var metacopy = false
    /// Lower hard links stay linked (SEMANTICS 5.8).
    public var index = true
    /// Nothing is synced; marks the upper (SEMANTICS 8.3).
    public var volatile = false
    /// The private namespace is `user.overlay.` also for root (SEMANTICS 9.4).
    public var userAttributes = false

    public enum Whiteouts: Sendable { case automatic, device, file }
    /// How a deletion is written. `device` also makes `.wh.` names ordinary (SEMANTICS 2.3).
    public var whiteouts = Whiteouts.automatic

    public var ownership = Ownership()

    public init() {}
}

/// How owners are shown and recorded (SEMANTICS 9.5).
public struct Ownership: Sendable, Equatable {
    public enum Attribute: String, Sendable {
        /// `xattr_permissions=1`, for a privileged server.
        case privileged = "security.fuseoverlayfs.override_stat"
        /// `xattr_permissions=2`, and what containers/storage writes.
        case containers = "user.containers.override_stat"
    }
    /// Recorded and shown from this attribute, always; nil records only what cannot be done otherwise.
    public var attribute: Attribute?
    /// Everything is shown as this owner or group.
    public var squashUID: UInt32?
    public var squashGID: UInt32?
    /// Ranges `inside:outside:count`: what the layers' ids are shown as.
    public var uidMapping: [IDRange] = []
    public var gidMapping: [IDRange] = []

    public init() {}
}

/// Ids `inside..<inside+count` in the mount are `outside..<outside+count` in the layers.
public struct IDRange: Sendable, Equatable {
    public let inside: UInt32
    public let outside: UInt32
    public let count: UInt32

    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }
}

/// Why a stack cannot be mounted: one line that names the directory (SEMANTICS 1.3).
public struct Refusal: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Who makes a call; what it creates belongs to them (SEMANTICS 9.2).
public struct Caller: Sendable {
    public var uid: UInt32
    public var gid: UInt32
    /// Cleared from the mode of what is created, unless the directory has a default ACL.
    public var umask: UInt32
    /// The process, by which its other groups are found; 0 where it is not known.
    public var process: UInt32

    public init(uid: UInt32, gid: UInt32, umask: UInt32 = 0, process: UInt32 = 0) {
        self.uid = uid
        self.gid = gid
        self.umask = umask
        self.process = process
    }
}
