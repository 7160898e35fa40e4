public import Linux
public import OCI

/// One entry of a layer's tar.
public struct LayerEntry: Sendable {
    public enum Kind: UInt8, Sendable {
        case file, directory, symlink, hardLink, characterDevice, blockDevice, fifo
        /// Hides what is below under ``LayerEntry/path``.
        case whiteout
        /// Hides all that is below in the directory ``LayerEntry/path``.
        case opaque
        /// AUFS's own, which nobody shows.
        case bookkeeping
    }

    /// From the root, without a leading slash; empty for the root. Of a whiteout, what it hides; of an opaque mark, the directory.
    public let path: [UInt8]
    public let kind: Kind
    /// Permission, set-id and sticky bits.
    public let mode: UInt32
    public let uid: UInt32
    public let gid: UInt32
    /// Bytes of the data; 0 for what has none.
    public let size: Int64
    public let modified: Timestamp
    /// Where a symlink or a hard link leads; of a hard link, as ``path`` is.
    public let target: [UInt8]
    public let device: DeviceNumber?
    public let attributes: [TarEntry.Attribute]
    /// Of a file with data, read through; nil for all else, and for files of more than a gibibyte of holes.
    public internal(set) var content: ContentHash?

    /// The path as the tar has it.
    public var storedPath: [UInt8] {
        switch kind {
        case .whiteout:
            let parent = path.lastIndex(of: 0x2f).map { path[...$0] } ?? []
            return parent + Array(".wh.".utf8) + path[parent.endIndex...]
        case .opaque: return (path.isEmpty ? [] : path + [0x2f]) + Array(".wh..wh..opq".utf8)
        default: return path
        }
    }

    /// What lies between the slashes at the end.
    public var name: ArraySlice<UInt8> { path[(path.lastIndex(of: 0x2f).map { $0 + 1 } ?? 0)...] }

    init(_ entry: TarEntry) {
        var path = entry.name
        var kind: Kind
        var size: Int64 = 0
        var target: [UInt8] = []
        var device: DeviceNumber?
        switch entry.kind {
        case .file(let count):
            kind = .file
            size = count
        case .directory: kind = .directory
        case .symlink(let to):
            kind = .symlink
            target = to
        case .hardLink(let to):
            kind = .hardLink
            target = to
        case .characterDevice(let number):
            kind = .characterDevice
            device = number
        case .blockDevice(let number):
            kind = .blockDevice
            device = number
        case .fifo: kind = .fifo
        }
        let start = path.lastIndex(of: 0x2f).map { $0 + 1 } ?? 0
        let name = path[start...]
        if path.starts(with: Self.bookkeeping) || Self.hasBookkeeping(path) {
            let isOpaque = name.elementsEqual(Self.opaque) && !Self.hasBookkeeping(Array(path[..<max(0, start - 1)]))
            kind = isOpaque ? .opaque : .bookkeeping
            if isOpaque { path = Array(path[..<max(0, start - 1)]) }
        } else if name.starts(with: Self.whiteout), name.count > Self.whiteout.count {
            kind = .whiteout
            path = Array(path[..<start]) + name.dropFirst(Self.whiteout.count)
        }
        self.path = path
        self.kind = kind
        mode = entry.mode
        uid = entry.uid
        gid = entry.gid
        self.size = size
        modified = entry.modified
        self.target = target
        self.device = device
        attributes = entry.attributes
    }

    private static let whiteout = Array(".wh.".utf8)
    private static let bookkeeping = Array(".wh..wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    /// Whether a part of the path is AUFS's (image-spec layer.md, "Whiteouts").
    private static func hasBookkeeping(_ path: [UInt8]) -> Bool {
        path.count >= bookkeeping.count
            && path.split(separator: 0x2f).contains { $0.starts(with: bookkeeping) }
    }
}
