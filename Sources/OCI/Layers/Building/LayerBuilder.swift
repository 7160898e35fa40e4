public import Linux

/// What a layer is made of: an upper in overlay form with the lowers it lies on, or any tree.
///
/// The lowers are asked only for directories that were renamed, for files whose data was not copied up, and to minimize.
public struct LayerSource: Equatable, Sendable {
    public var upper: [UInt8]
    /// From top to bottom.
    public var lowers: [[UInt8]]

    public init(upper: [UInt8], lowers: [[UInt8]] = []) {
        self.upper = upper
        self.lowers = lowers
    }
}

/// A layer that was made.
public struct BuiltLayer: Equatable, Sendable {
    /// The digest of the tar.
    public let diffID: Digest
    public let tarSize: Int64
    /// The blob's descriptor.
    public let descriptor: ContentDescriptor
    /// Entries in the tar, whiteouts included.
    public let entries: Int
    /// Sockets, which no tar holds.
    public let skipped: [[UInt8]]
    /// Files that were left out because the lowers have the same; see ``LayerBuilder/minimizes``.
    public let unchanged: [[UInt8]]
    /// The directory shows the same over any lowers: nothing in it was renamed from them, or has its data there. Only such
    /// a one may become the unpacked layer.
    public let standsAlone: Bool
}

/// Owners of objects by their path in a layer: of links and special files, which cannot carry a record (SEMANTICS 9.5).
public struct LayerOwners: Sendable {
    private var ids: [[UInt8]: UInt64] = [:]

    public init() {}

    public subscript(path: [UInt8]) -> (uid: UInt32, gid: UInt32)? {
        get { ids[path].map { (UInt32(truncatingIfNeeded: $0 >> 32), UInt32(truncatingIfNeeded: $0)) } }
        set { ids[path] = newValue.map { UInt64($0.uid) << 32 | UInt64($0.gid) } }
    }

    var isEmpty: Bool { ids.isEmpty }
}

/// Makes layers: one pass over a directory writes the tar, hashes it, compresses it and hashes the blob.
///
/// The same tree gives the same bytes, on every machine, file system and number of processors: names in the order of their bytes,
/// a directory before what it holds and its opaque mark first; numeric owners; no access or change times, modification
/// times in whole seconds; hard links to the first name; `user.*`, capabilities and ACLs as `SCHILY.xattr` records.
/// Whiteouts are empty files of the epoch. The root itself has no entry.
///
/// Holes are written as zeros: every reader of layers understands plain files, while sparse entries are refused by some
/// (BusyBox, and tools made before Go 1.11). They compress to almost nothing, and unpacking makes holes again.
public struct LayerBuilder: Sendable {
    public var coding: LayerCoding
    /// SOURCE_DATE_EPOCH: seconds since 1970; a later modification time becomes this one.
    public var latest: Int64?

    /// Files that were copied up and are still what the lowers have, in content, owner, mode, time and attributes, are left out.
    /// Costs reading such files twice.
    public var minimizes: Bool

    /// Owners that the directory cannot say.
    public var owners = LayerOwners()

    /// Asked now and then; true ends the building with an error.
    public var isInterrupted: (@Sendable () -> Bool)?

    public init(_ coding: LayerCoding = LayerCoding(), latest: Int64? = nil, minimizes: Bool = false) {
        self.coding = coding
        self.latest = latest
        self.minimizes = minimizes
    }

    /// Writes the blob to `file`, at its position. Memory is bounded (at 64 MiB, with the names of the widest directories and of
    /// files with several names), each file is read once.
    ///
    /// - Throws: ``LayerError``: what a file system says, a file that changes while it is read, an attribute that no tar
    ///   holds. `file` then holds a part.
    public func build(_ source: LayerSource, into file: FD) throws(LayerError) -> BuiltLayer {
        let stack = try LayerStack([source.upper] + source.lowers)
        var walk = LayerWalk(stack, try LayerStream(to: file, coding), self)
        try walk.changes(stack.roots[0], [], on: .location([]))
        return try walk.finish(coding.compression)
    }

    /// Writes what layers show together: everything, and nothing that says what is hidden.
    ///
    /// - Parameter layers: directories in overlay form, from top to bottom.
    /// - Throws: as ``build(_:into:)``.
    public func flatten(_ layers: [[UInt8]], into file: FD) throws(LayerError) -> BuiltLayer {
        let stack = try LayerStack(layers)
        var walk = LayerWalk(stack, try LayerStream(to: file, coding), self)
        try walk.merged(stack.roots, [])
        return try walk.finish(coding.compression)
    }
}
