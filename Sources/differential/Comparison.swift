import CDifferential
import Glibc

/// Something that is not the same on both sides.
struct Difference {
    /// What differs, in a word or two; shrinking looks for the same again.
    var kind: String
    var path: Bytes = []
    var kernel: String
    var ours: String
}

/// Compares two snapshots of what should be the same tree.
struct TreeComparison {
    /// What is compared of an object besides its type, permissions, owner, content and attributes.
    struct Scope {
        /// Link counts.
        var links = true
        /// Which names are one object.
        var partition = true
        /// Whether the kernel may give each name of one file its own number (`Meant.linksShareNumber`).
        var kernelSplitsLinks = false
        var extents = true
        var contradictions = true
        /// Kinds of difference that the command line asks to overlook.
        var ignored: Set<String> = []
        /// Times that ours keeps where the kernel's became the present (`Meant.timeKept`).
        var keptTimes: Set<SetTime> = []
    }

    let scope: Scope

    /// The first difference that is not meant.
    func difference(kernel: Snapshot, ours: Snapshot) -> Difference? {
        if let found = existence(kernel, ours) { return found }
        for left in kernel.nodes {
            guard let right = ours[left.path] else { continue }
            if let found = difference(left, right) { return found }
        }
        // 3.1 asks it of ours. The kernel's contradictions (see `Meant`) are its own.
        if scope.contradictions, let text = ours.contradictions.first {
            let found = Difference(kind: "tree contradicts itself", kernel: "-", ours: text)
            if !scope.ignored.contains(found.kind) { return found }
        }
        return scope.partition ? partition(kernel, ours) : nil
    }

    private func existence(_ kernel: Snapshot, _ ours: Snapshot) -> Difference? {
        for node in kernel.nodes where ours[node.path] == nil && !scope.ignored.contains("missing") {
            let text = "there (\(typeName(node.type)))"
            return Difference(kind: "missing", path: node.path, kernel: text, ours: "missing")
        }
        for node in ours.nodes where kernel[node.path] == nil && !scope.ignored.contains("additional") {
            let text = "there (\(typeName(node.type)))"
            return Difference(kind: "additional", path: node.path, kernel: "missing", ours: text)
        }
        return nil
    }

    /// Compares two observations of one object.
    func difference(_ kernel: Node, _ ours: Node) -> Difference? {
        func check(_ kind: String, _ same: Bool, _ show: (Node) -> String) -> Difference? {
            if same || scope.ignored.contains(kind) { return nil }
            return Difference(kind: kind, path: kernel.path, kernel: show(kernel), ours: show(ours))
        }
        let (left, right) = (kernel.stat, ours.stat)
        let isSized = !kernel.isDirectory
        if let found = check("type", kernel.type == ours.type, { typeName($0.type) }) { return found }
        if let found = check("mode", left.mode == right.mode, { octal($0.stat.mode) }) { return found }
        let sameOwner = left.uid == right.uid && left.gid == right.gid
        if let found = check("owner", sameOwner, { "\($0.stat.uid):\($0.stat.gid)" }) { return found }
        if let found = check("rdev", left.rdev == right.rdev, { "\($0.stat.rdev)" }) { return found }
        if let found = check("size", !isSized || left.size == right.size, { "\($0.stat.size)" }) { return found }
        if let found = check("nlink", !scope.links || left.nlink == right.nlink, { "\($0.stat.nlink)" }) {
            return found
        }
        let sameTime =
            left.comparableMtime == right.comparableMtime
            || left.comparableMtime == .now && scope.keptTimes.contains(right.comparableMtime)
        if let found = check("mtime", sameTime, { "\($0.stat.comparableMtime)" }) { return found }
        if let found = check("errors", kernel.errors == ours.errors, { "\($0.errors)" }) { return found }
        if let found = check("content", kernel.content == ours.content, \.shownContent) { return found }
        if let found = check("target", kernel.target == ours.target, { $0.target.shown }) { return found }
        if kernel.xattrs != ours.xattrs && !scope.ignored.contains("xattrs") {
            let (one, other) = (only(kernel.xattrs, not: ours.xattrs), only(ours.xattrs, not: kernel.xattrs))
            return Difference(kind: "xattrs", path: kernel.path, kernel: one, ours: other)
        }
        let sameHoles = !scope.extents || Meant.holesKept(kernel: kernel.extents, ours: ours.extents)
        return check("extents", sameHoles) { "\($0.extents)" }
    }

    private func only(_ xattrs: [Xattr], not others: [Xattr]) -> String {
        let only = xattrs.filter { !others.contains($0) }
        return only.isEmpty ? "-" : only.map(\.shown).joined(separator: " ")
    }

    /// Which names are one object must be the same on both sides.
    func partition(_ kernel: Snapshot, _ ours: Snapshot) -> Difference? {
        if scope.ignored.contains("same inode") { return nil }
        let (left, right) = (firstNames(kernel), firstNames(ours))
        guard left.count == right.count else { return nil }
        for (index, node) in kernel.nodes.enumerated() where left[index] != right[index] {
            let isFiner = right[left[index]] == right[index]
            if scope.kernelSplitsLinks && isFiner && Meant.linksShareNumber(ours.nodes[index]) { continue }
            return Difference(
                kind: "same inode", path: node.path, kernel: "one with \(kernel.nodes[left[index]].path.shown)",
                ours: "one with \(ours.nodes[right[index]].path.shown)")
        }
        return nil
    }

    private func firstNames(_ snapshot: Snapshot) -> [Int] {
        // With the device: across file systems the kernel's numbers alone may collide (without `xino`).
        var first: [ObjectNumber: Int] = [:]
        return snapshot.nodes.enumerated().map { index, node in
            let number = ObjectNumber(device: node.stat.dev, inode: node.stat.ino)
            if let found = first[number] { return found }
            first[number] = index
            return index
        }
    }
}

extension Node {
    fileprivate var shownContent: String {
        "\(stat.size) bytes with digest " + String(content, radix: 16)
    }
}

struct ObjectNumber: Hashable {
    var device: UInt64
    var inode: UInt64
}

func typeName(_ type: UInt32) -> String {
    switch type {
    case UInt32(S_IFREG): return "file"
    case UInt32(S_IFDIR): return "directory"
    case UInt32(S_IFLNK): return "symlink"
    case UInt32(S_IFIFO): return "fifo"
    case UInt32(S_IFSOCK): return "socket"
    case UInt32(S_IFCHR): return "character device"
    case UInt32(S_IFBLK): return "block device"
    default: return octal(type)
    }
}
