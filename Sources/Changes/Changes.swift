import CLinux
import Glibc
public import Linux

/// One difference between an upper and the lowers below it.
public struct Change: Equatable, Sendable {
    public enum Kind: String, Sendable {
        case added = "A"
        case changed = "C"
        case deleted = "D"
    }

    public let kind: Kind
    /// From the root of the tree, without a leading slash; bytes as the file system has them.
    public let path: [UInt8]
    /// S_IFMT bits of what is there now, or of what was deleted as far as a lower tells; 0 where nothing does.
    public let type: UInt32
    /// Bytes of a regular file; 0 for anything else.
    public let size: UInt64

    public init(kind: Kind, path: [UInt8], type: UInt32, size: UInt64) {
        self.kind = kind
        self.path = path
        self.type = type
        self.size = size
    }
}

/// Reads an upper back as a list of changes: every whiteout and opaque mark that SEMANTICS 4.5 names is understood.
/// Costs the upper's entries, and one look into the lowers for each: no walk of the lowers, but where an opaque
/// directory hides what they have.
public struct ChangeReader: ~Copyable {
    private let upper: Int32
    private let lowers: [Int32]
    private var changes: [Change] = []

    /// - Throws: what opening a directory says.
    public init(upper: [UInt8], lowers: [[UInt8]]) throws(Errno) {
        var roots: [Int32] = []
        do throws(Errno) {
            for lower in lowers { roots.append(try Self.open(lower).release()) }
            self.upper = try Self.open(upper).release()
        } catch {
            for root in roots { _ = cl_close(root) }
            throw error
        }
        self.lowers = roots
    }

    deinit {
        for root in lowers { _ = cl_close(root) }
        _ = cl_close(upper)
    }

    private static func open(_ path: [UInt8]) throws(Errno) -> Descriptor {
        try FD.workingDirectory.open(path.map { CChar(bitPattern: $0) } + [0], [.readOnly, .directory])
    }

    /// The changes in the order of their paths, directories before what they hold.
    public mutating func read() throws(Errno) -> [Change] {
        changes = []
        try walk(FD(upper), [], lowers.map { FD($0) })
        return changes
    }

    /// `below`: the lowers' directories of this path, top to bottom, as far as they show through.
    private mutating func walk(_ directory: FD, _ path: [UInt8], _ below: [FD]) throws(Errno) {
        var names: [[UInt8]] = []
        try directory.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        names.sort { $0.lexicographicallyPrecedes($1) }
        for name in names {
            if name.elementsEqual(".wh..wh..opq".utf8) { continue }
            let full = path.isEmpty ? name : path + [0x2f] + name
            if name.starts(with: ".wh.".utf8) {
                let hidden = Array(name.dropFirst(4))
                report(.deleted, path.isEmpty ? hidden : path + [0x2f] + hidden, visible(hidden, below))
                continue
            }
            try visit(directory, name, full, below)
        }
    }

    private mutating func visit(_ directory: FD, _ name: [UInt8], _ path: [UInt8], _ below: [FD]) throws(Errno) {
        let key = name.map { CChar(bitPattern: $0) } + [0]
        let status = try directory.status(key)
        let old = visible(name, below)
        if status.isWhiteout || isMarked(directory, key, "whiteout") && status.isRegular && status.size == 0 {
            return report(.deleted, path, old)
        }
        guard status.isDirectory else { return report(old == nil ? .added : .changed, path, status) }
        let opaque = isOpaque(directory, key)
        let own = try directory.open(key, [.readOnly, .directory, .noFollow])
        let redirected = mark(directory, key, "redirect") != nil
        if old == nil {
            report(.added, path, status)
        } else if old?.isDirectory != true {
            report(.changed, path, status)
        } else if opaque || redirected || !same(status, old, isRecorded: isRecorded(directory, key)) {
            report(.changed, path, status)
        }
        var opened: [Int32] = []
        defer { for raw in opened { _ = cl_close(raw) } }
        if old?.isDirectory == true {
            for lower in below {
                guard let found = try? lower.status(key) else { continue }
                guard found.isDirectory, let next = try? lower.open(key, [.readOnly, .directory, .noFollow]) else {
                    break
                }
                opened.append(next.release())
                if isOpaque(lower, key) { break }
            }
        }
        let lowers = opened.map { FD($0) }
        if opaque || redirected {
            try hide(own.fd, path, lowers)
            try walk(own.fd, path, [])
        } else {
            try walk(own.fd, path, lowers)
        }
    }

    /// What an opaque directory hides of the lowers and does not have itself is deleted.
    private mutating func hide(_ directory: FD, _ path: [UInt8], _ below: [FD]) throws(Errno) {
        var seen: Set<[UInt8]> = []
        for lower in below {
            try lower.forEachEntry { entry in
                seen.insert(Array(entry.name))
                return true
            }
        }
        for name in seen.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !name.starts(with: ".wh.".utf8) {
            let key = name.map { CChar(bitPattern: $0) } + [0]
            if (try? directory.status(key)) != nil { continue }
            if let old = visible(name, below) { report(.deleted, path + [0x2f] + name, old) }
        }
    }

    private mutating func report(_ kind: Change.Kind, _ path: [UInt8], _ status: Status?) {
        let size = status.map { $0.isRegular ? $0.size : 0 } ?? 0
        changes.append(Change(kind: kind, path: path, type: status?.type ?? 0, size: size))
    }

    /// What the lowers show at a name.
    private func visible(_ name: [UInt8], _ below: [FD]) -> Status? {
        let key = name.map { CChar(bitPattern: $0) } + [0]
        let hidden = ".wh.".utf8.map { CChar(bitPattern: $0) } + key
        for lower in below {
            if let status = try? lower.status(key) { return status.isWhiteout ? nil : status }
            if name.count <= 251, (try? lower.status(hidden)) != nil { return nil }
        }
        return nil
    }

    /// A directory that was copied up for the sake of what is in it is no change. Where its owner could only be recorded
    /// (SEMANTICS 9.5), who it belongs to on disk says nothing.
    private func same(_ status: Status, _ old: Status?, isRecorded: Bool) -> Bool {
        guard let old else { return false }
        if isRecorded { return status.mode == old.mode }
        return status.mode == old.mode && status.uid == old.uid && status.gid == old.gid
    }

    private func isOpaque(_ directory: FD, _ name: [CChar]) -> Bool {
        if mark(directory, name, "opaque") == [0x79] { return true }
        guard let own = try? directory.open(name, [.path, .directory, .noFollow]) else { return false }
        return (try? own.fd.status(".wh..wh..opq")) != nil
    }

    private func isRecorded(_ directory: FD, _ name: [CChar]) -> Bool {
        ["user.containers.override_stat", "security.fuseoverlayfs.override_stat"].contains { attribute in
            let key = attribute.utf8.map { CChar(bitPattern: $0) } + [0]
            return ((try? directory.attribute(name, key)) ?? nil) != nil
        }
    }

    private func isMarked(_ directory: FD, _ name: [CChar], _ word: String) -> Bool {
        mark(directory, name, word) != nil
    }

    private func mark(_ directory: FD, _ name: [CChar], _ word: String) -> [UInt8]? {
        for prefix in ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."] {
            let key = (prefix + word).utf8.map { CChar(bitPattern: $0) } + [0]
            if let value = (try? directory.attribute(name, key)) ?? nil { return value }
        }
        return nil
    }
}
