import CDifferential

/// Compares two uppers as they are on disk.
struct UpperComparison {
    let prefix: String
    /// What the lowers below those uppers hold.
    let stack: Stack
    var keepsTimes = false
    var ignored: Set<String> = []

    /// The first difference that is not meant.
    func difference(kernel: Snapshot, ours: Snapshot) -> Difference? {
        var scope = TreeComparison.Scope()
        scope.links = false
        scope.ignored = ignored
        scope.contradictions = false
        scope.partition = false
        scope.keepsTimes = keepsTimes
        let comparison = TreeComparison(scope: scope)
        let kernel = kernel.filtered { ours[$0] != nil || !Meant.namedElsewhere(kernel[$0], stack) }
        let ours = ours.filtered { kernel[$0] != nil || !Meant.namedElsewhere(ours[$0], stack) }
        let left = normalised(kernel, like: ours)
        let right = normalised(ours, like: kernel)
        guard var found = comparison.difference(kernel: left, ours: right) else { return nil }
        found.kind = "upper: " + found.kind
        return found
    }

    /// Without what each implementation keeps for itself.
    private func normalised(_ snapshot: Snapshot, like other: Snapshot) -> Snapshot {
        snapshot.mapping { node in
            var node = node
            if node.isWhiteout {
                // Nobody sees these of a whiteout.
                node.stat.mode = UInt32(0o020000)
                node.stat.uid = 0
                node.stat.gid = 0
                node.stat.mtime_sec = 0
                node.stat.mtime_nsec = 0
                node.xattrs = []
                return node
            }
            node.xattrs = node.xattrs.compactMap { kept($0, of: node, like: other[node.path]) }
            return node
        }
    }

    private func kept(_ xattr: Xattr, of node: Node, like other: Node?) -> Xattr? {
        guard xattr.name.starts(with: Bytes(prefix)) else { return xattr }
        let name = String(decoding: xattr.name.dropFirst(prefix.utf8.count), as: UTF8.self)
        switch name {
        case "origin", "impure", "nlink", "uuid", "protattr", "upper": return nil
        case "opaque":
            return Meant.opaqueOfNothing(node.path, other: other, xattr.name, below: stack) ? nil : xattr
        // With a digest or without.
        case "metacopy": return Xattr(name: xattr.name, value: [])
        case "redirect": return Meant.redirectSpelling(xattr)
        default: return xattr
        }
    }
}
