/// Paths as Go's `filepath.Clean` shortens them: no `.`, no `..` after a name, no doubled or trailing slash.
enum CleanPath {
    static func clean(_ path: [UInt8]) -> [UInt8] {
        guard !path.isEmpty else { return [0x2e] }
        let isRooted = path[0] == 0x2f
        var names: [ArraySlice<UInt8>] = []
        for name in path.split(separator: 0x2f) where !name.elementsEqual([0x2e]) {
            guard name.elementsEqual([0x2e, 0x2e]) else {
                names.append(name)
                continue
            }
            if let last = names.last, !last.elementsEqual([0x2e, 0x2e]) {
                names.removeLast()
            } else if !isRooted {
                names.append(name)
            }
        }
        let joined = Array(names.joined(separator: [0x2f]))
        if isRooted { return [0x2f] + joined }
        return joined.isEmpty ? [0x2e] : joined
    }
}
