import CDifferential
import Glibc

/// Everything about one object that can be observed through a path.
struct Node {
    var path: Bytes
    var stat = cd_stat()
    /// Digest of what a file holds.
    var content: UInt64 = 0
    /// Where a larger file has data.
    var extents: [Range<Int64>] = []
    var target: Bytes = []
    var xattrs: [Xattr] = []
    /// What could not be observed, and why.
    var errors: [String] = []

    var type: UInt32 { stat.mode & UInt32(S_IFMT) }
    var isDirectory: Bool { type == UInt32(S_IFDIR) }
    var isFile: Bool { type == UInt32(S_IFREG) }
    var isSymlink: Bool { type == UInt32(S_IFLNK) }
    var isWhiteout: Bool { type == UInt32(S_IFCHR) && stat.rdev == 0 }

    func xattr(_ name: Bytes) -> Bytes? {
        xattrs.first { $0.name == name }?.value
    }
}

/// A whole tree at one moment, in the order of `precedes`.
struct Snapshot {
    var nodes: [Node] = []
    /// Where the tree contradicts itself: a listing against a lookup.
    var contradictions: [String] = []
    private var places: [Bytes: Int] = [:]

    subscript(path: Bytes) -> Node? {
        places[path].map { nodes[$0] }
    }

    func mapping(_ change: (Node) -> Node) -> Snapshot {
        var result = self
        for index in result.nodes.indices { result.nodes[index] = change(result.nodes[index]) }
        return result
    }

    func filtered(_ keeps: (Bytes) -> Bool) -> Snapshot {
        var result = Snapshot()
        for node in nodes where keeps(node.path) { result.add(node) }
        return result
    }

    fileprivate mutating func add(_ node: Node) {
        places[node.path] = nodes.count
        nodes.append(node)
    }
}

/// Looks at trees.
struct Observer {
    /// Extents are asked for from this size on.
    static let largeFile: UInt64 = 16_384
    private let scratch = Scratch()

    func snapshot(of root: Bytes) -> Snapshot {
        var snapshot = Snapshot()
        walk(root, [], listed: nil, into: &snapshot)
        return snapshot
    }

    private func walk(_ root: Bytes, _ path: Bytes, listed: Listed?, into snapshot: inout Snapshot) {
        var node = Node(path: path)
        let full = root.appending(path)
        let result = full.withPath { cd_statx(-1, $0, 0, &node.stat) }
        if result < 0 {
            snapshot.contradictions.append("listed, but stat says \(errnoName(-result)): \(path.shown)")
            return
        }
        if let listed {
            if listed.ino != node.stat.ino {
                snapshot.contradictions.append("d_ino differs from st_ino: \(path.shown)")
            }
            if UInt32(listed.type) != node.type >> 12 {
                snapshot.contradictions.append("d_type \(listed.type) is wrong: \(path.shown)")
            }
        }
        readXattrs(full, into: &node)
        var children: [Listed] = []
        if node.isDirectory {
            children = list(full, into: &node)
        } else if node.isFile {
            readContent(full, into: &node)
        } else if node.isSymlink {
            readTarget(full, into: &node)
        }
        snapshot.add(node)
        children.sort { precedes($0.bytes, $1.bytes) }
        for (index, child) in children.enumerated() {
            if index > 0 && children[index - 1].bytes == child.bytes {
                snapshot.contradictions.append("listed twice: \(path.appending(child.bytes).shown)")
                continue
            }
            walk(root, path.appending(child.bytes), listed: child, into: &snapshot)
        }
    }

    private func list(_ full: Bytes, into node: inout Node) -> [Listed] {
        let fd = full.withPath { cd_open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | Int32(CD_O_NOATIME), 0) }
        guard fd >= 0 else {
            node.errors.append("opendir: \(errnoName(-fd))")
            return []
        }
        defer { close(fd) }
        var children: [Listed] = []
        let result = forEachEntry(of: fd) { children.append($0) }
        if result < 0 { node.errors.append("getdents: \(errnoName(-result))") }
        return children
    }

    private func readContent(_ full: Bytes, into node: inout Node) {
        let fd = full.withPath { cd_open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | Int32(CD_O_NOATIME), 0) }
        guard fd >= 0 else {
            node.errors.append("open: \(errnoName(-fd))")
            return
        }
        defer { close(fd) }
        var digest = Digest()
        var total: UInt64 = 0
        while true {
            let count = read(fd, scratch.base, Scratch.size)
            if count < 0 { node.errors.append("read: \(errnoName(errno))") }
            if count <= 0 { break }
            digest.add(UnsafeRawBufferPointer(start: scratch.base, count: count))
            total += UInt64(count)
            if count < Scratch.size && total == node.stat.size { break }
        }
        if total != node.stat.size { node.errors.append("read \(total) bytes of \(node.stat.size)") }
        node.content = digest.value
        if node.stat.size >= Self.largeFile { readExtents(fd, into: &node) }
    }

    private func readExtents(_ fd: Int32, into node: inout Node) {
        var at: Int64 = 0
        while node.extents.count < 64 {
            let start = cd_seek(fd, at, Int32(CD_SEEK_DATA))
            if start < 0 { return }
            at = cd_seek(fd, start, Int32(CD_SEEK_HOLE))
            if at <= start {
                node.errors.append("SEEK_HOLE after \(start): \(at)")
                return
            }
            node.extents.append(start..<at)
        }
    }

    private func readTarget(_ full: Bytes, into node: inout Node) {
        let count = full.withPath { readlink($0, scratch.base, Scratch.size) }
        if count < 0 {
            node.errors.append("readlink: \(errnoName(errno))")
        } else {
            node.target = Bytes(UnsafeRawBufferPointer(start: scratch.base, count: count))
        }
    }

    private func readXattrs(_ full: Bytes, into node: inout Node) {
        full.withPath { path in
            let count = cd_listxattr(path, scratch.base, UInt64(Scratch.size))
            if count < 0 { node.errors.append("listxattr: \(errnoName(Int32(-count)))") }
            if count <= 0 { return }
            let list = Bytes(UnsafeRawBufferPointer(start: scratch.base, count: Int(count)))
            for name in list.split(separator: 0) {
                let name = Bytes(name)
                let length = name.withPath { cd_getxattr(path, $0, scratch.base, UInt64(Scratch.size)) }
                if length < 0 {
                    node.errors.append("getxattr \(name.shown): \(errnoName(Int32(-length)))")
                } else {
                    let value = Bytes(UnsafeRawBufferPointer(start: scratch.base, count: Int(length)))
                    node.xattrs.append(Xattr(name: name, value: value))
                }
            }
            node.xattrs.sort { precedes($0.name, $1.name) }
        }
    }
}

extension cd_stat {
    /// Times that were set are all before 2010 (see `Vocabulary.time`): they must be the same to the nanosecond.
    /// Times that merely happened are not comparable.
    var comparableMtime: SetTime {
        mtime_sec < 1_400_000_000 ? .set(mtime_sec, mtime_nsec) : .now
    }
}

enum SetTime: Hashable, CustomStringConvertible {
    case set(Int64, UInt32)
    case now

    var description: String {
        switch self {
        case .set(let seconds, let nanoseconds): "\(seconds).\(nanoseconds)"
        case .now: "now"
        }
    }
}
