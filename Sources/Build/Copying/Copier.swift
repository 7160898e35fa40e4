import CLinux
import Dockerfile
public import Linux
import OCI

/// Copies a ``Selection`` into a root, by BuildKit's rules (fsutil's `copy`):
///
/// - The content of a directory goes into the destination, a file to it, or into it when it is a directory or ends in a slash.
/// - Missing directories are made, 0755. A directory that was there keeps its own mode and owner, those in it do not.
/// - Files and links replace files and links, not directories; directories replace nothing.
/// - Links on the way to the destination lead where they would for a process in that root; a link in the way of what is
///   copied is replaced and not followed.
/// - Modes, modification times, attributes and links between files of one source are kept.
public struct Copier {
    private let tree: DestinationTree

    /// - Parameter root: of the tree that is copied to, open for reading; it must stay open.
    public init(root: FD, options: CopyOptions = CopyOptions()) { self.init(PlainDirectory(root), options) }

    init(_ root: any TreeDirectory, _ options: CopyOptions) { tree = DestinationTree(root, options) }

    /// - Throws: ``BuildError``; what was copied until then stays.
    public func copy(_ selection: Selection, to destination: Destination) throws(BuildError) {
        for item in selection.items {
            // Again for each: the one before may have made what a link leads to.
            let target = try naming("copy to", destination.path) { () throws(Errno) in
                try RootedPath.resolve(destination.path, in: tree.root)
            }
            try tree.makeDirectories(destination.isDirectory ? target : target.dropLast())
            if item.form == .archive {
                try tree.makeDirectories(target)
                try unpack(item, to: target)
            } else if item.form == .directory {
                try copyDirectory(item, to: target)
            } else {
                try copyFile(item, to: target, isOneOfSeveral: selection.items.count > 1)
            }
        }
    }

    /// Makes a directory where it is missing, and those above it: 0755, owned as the options say. What `WORKDIR` does.
    public func makeDirectory(_ destination: Destination) throws(BuildError) {
        let target = try naming("make directory", destination.path) { () throws(Errno) in
            try RootedPath.resolve(destination.path, in: tree.root)
        }
        try tree.makeDirectories(target)
    }

    private func copyFile(
        _ item: Selection.Item, to destination: [[UInt8]], isOneOfSeveral: Bool
    ) throws(BuildError) {
        var target = destination
        if try tree.status(target)?.isDirectory == true {
            target.append(item.name)
        } else if isOneOfSeveral {
            throw BuildError(
                "copy to \(displayed(tree.shown(target))): with more than one source file the destination must be a "
                    + "directory and end with a /")
        }
        let writer = try EntryWriter(item, target, tree)
        if case .text(let content) = item.form { return try writer.write(text: content) }
        for entry in item.entries { try writer.write(entry) }
    }

    private func copyDirectory(_ item: Selection.Item, to target: [[UInt8]]) throws(BuildError) {
        if let status = try tree.status(target) {
            guard status.isDirectory else {
                throw BuildError("cannot copy to non-directory: \(displayed(tree.shown(target)))")
            }
        } else {
            try tree.makeDirectories(target)
        }
        let writer = try EntryWriter(item, target, tree)
        for entry in item.entries { try writer.write(entry) }
        try writer.finishDirectories()
    }

    private func unpack(_ item: Selection.Item, to target: [[UInt8]]) throws(BuildError) {
        guard let source = item.tree, let entry = item.entries.first else { return }
        let file = try naming("read", item.place) { () throws(Errno) in
            try DirectoryChain(source.root).open(item.place)
        }
        try source.check(file.fd, is: entry.status, item.place)
        let root = try naming("unpack to", tree.shown(target)) { () throws(Errno) in
            try tree.directory(target)
        }
        let unpacking = ArchiveUnpacking(root, prefix: target, tree.options)
        try unpacking.unpack(file.fd, item.source)
    }
}

extension SourceTree {
    /// A file must still be what was selected: the cache knows the result by that.
    func check(_ file: FD, is selected: FileStatus, _ path: [UInt8]) throws(BuildError) {
        let found = FileStatus(try naming("read", path) { () throws(Errno) in try file.status() })
        guard isSame(found, selected) else { throw BuildError("read", path, "it changed during the build") }
    }

    private func isSame(_ a: FileStatus, _ b: FileStatus) -> Bool {
        if isRemembered { return a == b }
        // Where inode numbers and change times mean nothing, what is left has to do. A layer's file may have its mode recorded.
        return a.size == b.size && a.modified == b.modified && (isLayered || a.mode == b.mode)
    }
}
