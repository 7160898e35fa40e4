import Linux

/// The entries of one item while they are found.
struct SelectedEntries {
    private(set) var entries: [Selection.Entry] = []
    /// Files with several names, by device and inode.
    private var links: [Identity: Int] = [:]

    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    mutating func add(_ found: TreeWalk.Found) throws(BuildError) {
        var entry = try Self.entry(found.path, found.status, found.parent, found.name, found.path)
        entry.isOnlyParent = found.isOnlyParent
        if found.status.isRegular, found.status.links > 1 {
            let identity = Identity(device: found.status.device, inode: found.status.inode)
            entry.firstLink = links[identity]
            if entry.firstLink == nil { links[identity] = entries.count }
        }
        entries.append(entry)
    }

    static func entry(
        _ path: [UInt8], _ status: FileStatus, _ parent: any TreeDirectory, _ name: [UInt8], _ shown: [UInt8]
    ) throws(BuildError) -> Selection.Entry {
        var entry = Selection.Entry(path: path, status: status)
        try naming("read", shown) { () throws(Errno) in
            if status.isSymlink {
                entry.target = try parent.target(name.cPath)
            } else if status.isRegular || status.isDirectory {
                entry.attributes = try parent.attributes(name.cPath)
            }
        }
        return entry
    }
}
