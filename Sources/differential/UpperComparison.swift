import CDifferential

/// Compares two uppers as they are on disk.
struct UpperComparison {
    let prefix: String
    /// What the lowers below those uppers hold.
    let stack: Stack
    var ignored: Set<String> = []
    var keptTimes: Set<SetTime> = []
    /// Whether RENAME_WHITEOUT was among the steps.
    var hasRenamedWithWhiteout = false

    /// The first difference that is not meant.
    func difference(kernel: Snapshot, ours: Snapshot) -> Difference? {
        var scope = TreeComparison.Scope()
        scope.links = false
        scope.ignored = ignored
        scope.keptTimes = keptTimes
        scope.contradictions = false
        scope.partition = false
        let comparison = TreeComparison(scope: scope)
        let left = normalised(Meant.withoutNamesOfCopiedLinks(kernel, unlike: ours, prefix))
        var right = normalised(Meant.withoutNamesOfCopiedLinks(ours, unlike: kernel, prefix))
        if hasRenamedWithWhiteout { right = Meant.withoutLeftWhiteouts(right, like: kernel) }
        guard var found = comparison.difference(kernel: left, ours: right) else { return nil }
        found.kind = "upper: " + found.kind
        return found
    }

    /// Without what each implementation keeps for itself.
    private func normalised(_ snapshot: Snapshot) -> Snapshot {
        let meaning = UpperMeaning(stack: stack, prefix: prefix, upper: snapshot)
        return snapshot.mapping { node in
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
            node.xattrs = node.xattrs.compactMap { kept($0, of: node, meaning) }
            return node
        }
    }

    private func kept(_ xattr: Xattr, of node: Node, _ meaning: UpperMeaning) -> Xattr? {
        guard xattr.name.starts(with: Bytes(prefix)) else { return xattr }
        let name = String(decoding: xattr.name.dropFirst(prefix.utf8.count), as: UTF8.self)
        switch name {
        case "origin", "impure", "nlink", "uuid", "protattr", "upper": return nil
        case "opaque":
            return Meant.opaqueOfNothing(node.path, meaning) ? nil : xattr
        // With a digest or without.
        case "metacopy": return Xattr(name: xattr.name, value: [])
        case "redirect": return Meant.redirectSpelling(xattr)
        default: return xattr
        }
    }
}
