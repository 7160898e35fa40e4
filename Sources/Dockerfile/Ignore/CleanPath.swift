/// Paths as Go's `filepath.Clean` shortens them: no `.`, no `..` after a name, no doubled or trailing slash.
public enum CleanPath {
    public static func clean(_ path: [UInt8]) -> [UInt8] {
        guard !path.isEmpty else { return [.dot] }
        let isRooted = path[0] == .slash
        var names: [ArraySlice<UInt8>] = []
        for name in path.split(separator: .slash) where !name.elementsEqual([.dot]) {
            guard name.elementsEqual([.dot, .dot]) else {
                names.append(name)
                continue
            }
            if let last = names.last, !last.elementsEqual([.dot, .dot]) {
                names.removeLast()
            } else if !isRooted {
                names.append(name)
            }
        }
        let joined = Array(names.joined(separator: [.slash]))
        if isRooted { return [.slash] + joined }
        return joined.isEmpty ? [.dot] : joined
    }
}
