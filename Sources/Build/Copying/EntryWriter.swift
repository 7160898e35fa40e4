import CLinux
import Dockerfile
import Linux
import OCI

/// Writes the entries of one item below a target.
final class EntryWriter {
    private let item: Selection.Item
    private let target: [[UInt8]]
    private let tree: DestinationTree
    private let source: DirectoryChain?
    /// A directory that was made here: nothing below it is in the way.
    private var fresh: [[UInt8]]?
    /// Their owners, modes and times are set at the end: writing changes times, and a mode may forbid it.
    private var directories: [(names: [[UInt8]], entry: Selection.Entry, onlyMode: Bool)] = []

    init(_ item: Selection.Item, _ target: [[UInt8]], _ tree: DestinationTree) throws(BuildError) {
        if target.isEmpty, item.form != .directory { throw BuildError("cannot replace to directory / with file") }
        self.item = item
        self.target = target
        self.tree = tree
        source = item.tree.map { DirectoryChain($0.root) }
    }

    func write(_ entry: Selection.Entry) throws(BuildError) {
        try tree.options.interruption?.check()
        let names = target + entry.path.pathNames
        guard let last = names.last else { return }
        if entry.status.isDirectory {
            let isNew = try tree.makeDirectory(names)
            if isNew, !isFresh(names) { fresh = names }
            directories.append((names, entry, !isNew && entry.isOnlyParent))
            return
        }
        let name = last.cPath
        if !isFresh(names) { try tree.clear(names) }
        let parent = try naming("copy to", tree.shown(names)) { () throws(Errno) in
            try tree.directory(names.dropLast())
        }
        if entry.status.isRegular {
            if let first = entry.firstLink, try link(first, parent, name) { return }
            try copyFile(entry, parent, name)
        } else {
            try naming("copy to", tree.shown(names)) { () throws(Errno) in
                if entry.status.isSymlink {
                    try parent.makeSymlink(name, target: entry.target.cPath)
                } else {
                    try makeNode(entry, parent, name, names)
                }
            }
        }
        try finish(entry, parent, name, names)
    }

    private func isFresh(_ names: [[UInt8]]) -> Bool { fresh.map { names.starts(with: $0) } ?? false }

    /// A device that may not be made is reported, and missing.
    private func makeNode(
        _ entry: Selection.Entry, _ parent: any TreeDirectory, _ name: [CChar], _ names: [[UInt8]]
    ) throws(Errno) {
        do throws(Errno) {
            try parent.makeNode(name, mode: entry.status.type | 0o600, device: entry.status.deviceNumber)
        } catch {
            guard error == .notPermitted else { throw error }
            let kind = CopyOptions.Loss.Kind.device(mode: entry.status.mode, number: entry.status.deviceNumber)
            tree.options.lost(CopyOptions.Loss(path: names.path, kind: kind, cause: error))
        }
    }

    /// - Returns: false where the file has to be copied again.
    private func link(_ first: Int, _ parent: any TreeDirectory, _ name: [CChar]) throws(BuildError) -> Bool {
        let existing = target + item.entries[first].path.pathNames
        do throws(Errno) {
            // A chain of its own: that of the tree is where the new name goes.
            let chain = DirectoryChain(tree.root)
            let directory = try chain.directory(existing.dropLast())
            try directory.link((existing.last ?? []).cPath, to: parent, name)
            return true
        } catch {
            if error == .tooManyLinks || error == .crossDevice || error == .notPermitted { return false }
            throw BuildError("link to", tree.shown(existing), error)
        }
    }

    private func copyFile(
        _ entry: Selection.Entry, _ parent: any TreeDirectory, _ name: [CChar]
    ) throws(BuildError) {
        guard let source, let from = item.tree else { return }
        let place = item.place.joined(entry.path)
        let input = try naming("read", place) { () throws(Errno) in try source.open(place) }
        try from.check(input.fd, is: entry.status, place)
        try naming("copy", place) { () throws(Errno) in
            let output = try parent.makeFile(name, mode: mode(of: entry))
            let interruption = tree.options.interruption
            try output.fd.copyData(from: input.fd, size: entry.status.size) { (_) throws(Errno) in
                if interruption?.happened == true { throw .interrupted }
            }
        }
        // What was written while it was copied.
        try from.check(input.fd, is: entry.status, place)
    }

    /// A here-document: 0644.
    func write(text: [UInt8]) throws(BuildError) {
        try tree.clear(target)
        try naming("write", tree.shown(target)) { () throws(Errno) in
            let parent = try tree.directory(target.dropLast())
            let name = (target.last ?? []).cPath
            let mode = tree.options.mode?.applied(to: 0o644, isDirectory: false) ?? 0o644
            let output = try parent.makeFile(name, mode: mode)
            try text.withUnsafeBufferPointer { (bytes) throws(Errno) in
                try output.fd.writeAll(UnsafeRawBufferPointer(bytes), at: 0)
            }
            try tree.setOwner(tree.options.owner ?? .root, of: name, in: parent, target)
            try parent.setMode(name, mode)
            if let latest = tree.options.latest { try parent.setModified(name, latest) }
        }
    }

    private func mode(of entry: Selection.Entry) -> UInt32 {
        let mode = entry.status.permissions
        return tree.options.mode?.applied(to: mode, isDirectory: entry.status.isDirectory) ?? mode
    }

    private func finish(
        _ entry: Selection.Entry, _ parent: any TreeDirectory, _ name: [CChar], _ names: [[UInt8]]
    ) throws(BuildError) {
        do throws(Errno) {
            let status = entry.status
            let kept = item.tree?.keepsOwners == true ? Owner(uid: status.uid, gid: status.gid) : .root
            // In this order: a new owner takes set-id bits and capabilities away.
            try tree.setOwner(tree.options.owner ?? kept, of: name, in: parent, names)
            if !status.isSymlink {
                try parent.setMode(name, mode(of: entry))
                try tree.setAttributes(entry.attributes, of: name, in: parent, names)
            }
            try parent.setModified(name, tree.time(status.modified))
        } catch {
            // A device that could not be made.
            if error == .noEntry, entry.status.type == 0o020000 || entry.status.type == 0o060000 { return }
            throw BuildError("copy to", tree.shown(names), error)
        }
    }

    /// Owners, modes, attributes and times of directories, the deepest first.
    func finishDirectories() throws(BuildError) {
        for (names, entry, onlyMode) in directories.reversed() {
            let parent = try naming("copy to", tree.shown(names)) { () throws(Errno) in
                try tree.directory(names.dropLast())
            }
            let name = (names.last ?? []).cPath
            if onlyMode {
                try naming("copy to", tree.shown(names)) { () throws(Errno) in
                    try parent.setMode(name, entry.status.permissions)
                }
            } else {
                try finish(entry, parent, name, names)
            }
        }
    }
}
