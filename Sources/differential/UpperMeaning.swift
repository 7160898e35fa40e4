/// What a directory of an upper merges with, told from the stack as it was described and from the redirects in the
/// upper: an opaque mark means something only where there is a directory below.
struct UpperMeaning {
    let stack: Stack
    let prefix: String
    let upper: Snapshot

    /// Whether a directory at `path` of the upper would have something below it if it were not opaque itself.
    func hidesDirectory(at path: Bytes) -> Bool {
        guard let below = lowerPath(of: path) else { return false }
        return Self.hasDirectory(below, stack.lowers)
    }

    /// Where the lowers would continue the directory at `path` of the upper; nil when one above it is opaque.
    private func lowerPath(of path: Bytes) -> Bytes? {
        if path.isEmpty { return path }
        let parent = path.parentPath
        guard let above = lowerPath(of: parent) else { return nil }
        if !parent.isEmpty && upper[parent]?.xattr(Bytes(prefix + "opaque")) == [UInt8(ascii: "y")] { return nil }
        guard let redirect = upper[path]?.xattr(Bytes(prefix + "redirect")) else {
            return above.appending(path.lastName)
        }
        return redirect.first == UInt8(ascii: "/") ? Bytes(redirect.dropFirst()) : above.appending(redirect)
    }

    /// Whether the merged lowers have a directory of that path.
    static func hasDirectory(_ path: Bytes, _ layers: [Layer]) -> Bool {
        for layer in layers {
            var ends = false
            for length in ancestors(of: path) {
                guard let entry = layer.entry(at: Bytes(path[..<length])) else { break }
                // Anything else ends the path, or stands for it.
                guard case .directory(let opaque) = entry.kind else { return false }
                if length == path.count { return true }
                if opaque { ends = true }
            }
            if ends { return false }
        }
        return false
    }

    /// The lengths of the paths from the first component to the whole.
    private static func ancestors(of path: Bytes) -> [Int] {
        path.indices.filter { path[$0] == UInt8(ascii: "/") } + [path.count]
    }
}

extension Stack {
    /// Without whiteouts of the upper that hide nothing because their directory merges with none: the kernel keeps such
    /// a directory for ever (ENOTEMPTY), and never makes one.
    var withoutIdleWhiteouts: Stack {
        var result = self
        result.upper.entries.removeAll { entry in
            guard case .whiteout = entry.kind else { return false }
            return !merges(entry.path.parentPath)
        }
        return result
    }

    private func merges(_ path: Bytes) -> Bool {
        if path.isEmpty { return true }
        guard case .directory(false)? = upper.entry(at: path)?.kind else { return false }
        return merges(path.parentPath) && UpperMeaning.hasDirectory(path, lowers)
    }
}
