/// An object of the merged tree that somebody refers to. Its address is what FUSE calls the node id.
typealias Node = UnsafeMutablePointer<NodeRecord>
typealias Link = UnsafeMutablePointer<LinkRecord>
typealias Directory = UnsafeMutablePointer<DirectoryRecord>
typealias OpenFile = UnsafeMutablePointer<OpenFileRecord>

struct NodeRecord {
    /// `st_ino` in the mount; fixed for the node's life (SEMANTICS 6.1).
    var number: UInt64
    /// The inode number of the real object that stands for it now: guards against a name that moved meanwhile.
    var real: UInt64
    /// How often it was handed out. Guarded by the table lock.
    var lookups: UInt64 = 0
    /// Names beneath it, open files, and operations that outlive a call. Guarded by the table lock.
    var holds: UInt32 = 0
    /// S_IFMT bits; fixed.
    var type: UInt32
    var flags: Flags = []
    /// What to add to the real link count, for names that the upper does not have (overlay.nlink). Guarded by body.
    var linkDelta: Int32 = 0
    /// Its names; the first is the one it is reached by. Guarded by the table lock, changed with body held.
    var links: Link?
    /// Where it lies in a lower; nil once `inUpper`. Changed with body held.
    var lower: LowerPlace?
    /// Where the data lies of a file whose metadata alone is `inUpper` or at `lower`. Changed with body held.
    var data: LowerPlace?
    /// Its name in `work/index`, by which it is reached while `.indexed`; counted.
    var indexName: NameBytes?
    /// Its place in the map of inodes with several names, 0 when it has none.
    var key: InodeKey = .none
    /// For directories.
    var directory: Directory?
    /// While it is open, or was removed while somebody refers to it.
    var file: OpenFile?
    /// Gates; see Gates.swift. Guarded by the table lock.
    var namesGate: Int32 = 0
    var bodyHeld = false

    struct Flags: OptionSet {
        let rawValue: UInt16
        /// The upper has it.
        static let inUpper = Flags(rawValue: 1)
        /// The upper has its metadata only; its data is at `data` (metacopy).
        static let metacopy = Flags(rawValue: 2)
        /// It has no name left.
        static let removed = Flags(rawValue: 4)
        /// The upper holds it in the index of hard links.
        static let indexed = Flags(rawValue: 8)
        /// It was copied up: the upper's object carries an origin.
        static let hasOrigin = Flags(rawValue: 16)
        /// Its data in a lower is reached by a redirect, which must move with it.
        static let dataOnly = Flags(rawValue: 32)
    }
}

/// A non-directory in a lower: the directory that holds it and its name there. Both counted.
struct LowerPlace {
    let directory: LayerDirectory
    let name: NameBytes
}

/// One name of a node.
struct LinkRecord {
    let node: Node
    var parent: Node
    var name: NameBytes
    var hash: UInt
    /// The hash chain.
    var next: Link?
    /// The node's other names.
    var sibling: Link?
}

/// A directory's place in each layer that has it.
struct DirectoryRecord {
    /// Guarded by the table lock; set once, by copy-up.
    var upper: LayerDirectory?
    /// Top to bottom; fixed, but for `rmdir` and rename over it.
    var lowers: UnsafeMutableBufferPointer<LayerDirectory>
    /// Whether what is created here inherits an ACL; unknown until asked. Guarded by the table lock.
    var defaultACL: Known = .unknown
    /// Tells it from every other directory since the mount began; 0 until asked. Guarded by the table lock.
    var serial: UInt64 = 0

    var count: Int { lowers.count + (upper == nil ? 0 : 1) }
    var merged: Bool { count > 1 }
}

enum Known: UInt8 { case unknown, no, yes }

/// The identity of a real inode: which file system, which number.
struct InodeKey: Hashable {
    var fileSystem: UInt64
    var inode: UInt64
    static let none = InodeKey(fileSystem: 0, inode: 0)
}

/// The descriptors of a node that is open: one for reading and one for both, shared by all its handles, so that
/// handles opened before a copy-up follow it (SEMANTICS 5.7).
struct OpenFileRecord {
    var opens: UInt32 = 0
    /// For reading: the lower's, or the upper's.
    var reading: Int32 = -1
    /// For reading and writing, the upper's.
    var writing: Int32 = -1
    /// `writing` was opened with O_WRONLY: the file's mode lets us do no more.
    var writeOnly = false
    /// A lower's descriptor that calls under way may still use; closed with the last handle.
    var retired: Int32 = -1
    /// O_PATH descriptor of an object that lost its last name.
    var anchor: Int32 = -1
    /// Kept for the FUSE session: see UnionFuse.
    var session = SessionState()

    var any: Int32 { writing >= 0 ? writing : anchor >= 0 ? anchor : reading }
}

/// What the FUSE session notes of an open node; meaningless to the union.
public struct SessionState {
    public var backingID: Int32 = 0
    public var passthroughOpens: UInt32 = 0
    public var cachedOpens: UInt32 = 0
    /// Handles that pass through and may write, also by shared mappings of which no request tells.
    public var passthroughWriters: UInt32 = 0
    /// The kernel's page cache may be older than the file.
    public var stale = false
}
