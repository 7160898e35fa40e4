import CLinux
import Linux
import OCI

/// The tree that is copied to, beneath a root.
final class DestinationTree {
    let root: any TreeDirectory
    let options: CopyOptions
    private let chain: DirectoryChain

    init(_ root: any TreeDirectory, _ options: CopyOptions) {
        self.root = root
        self.options = options
        chain = DirectoryChain(root)
    }

    /// A directory that exists.
    func directory(_ names: some Collection<[UInt8]>) throws(Errno) -> any TreeDirectory {
        try chain.directory(names)
    }

    /// nil for what is missing.
    func status(_ names: [[UInt8]]) throws(BuildError) -> FileStatus? {
        do throws(Errno) {
            let parent = try chain.directory(names.dropLast())
            return try parent.status((names.last ?? [.dot]).cPath)
        } catch {
            if error == .noEntry { return nil }
            throw BuildError("copy to", shown(names), error)
        }
    }

    /// Makes a directory and those above it, where they are missing: 0755, `--chown`'s or root's.
    func makeDirectories(_ names: [[UInt8]]) throws(BuildError) {
        for count in stride(from: 1, through: names.count, by: 1) {
            let path = names[..<count]
            try naming("make directory", shown(Array(path))) { () throws(Errno) in
                do throws(Errno) { _ = try chain.directory(path) } catch {
                    guard error == .noEntry else { throw error }
                    let parent = try chain.directory(path.dropLast())
                    let name = (path.last ?? []).cPath
                    try parent.makeDirectory(name, mode: 0o755)
                    try setOwner(options.owner ?? .root, of: name, in: parent, Array(path))
                    // The umask.
                    try parent.setMode(name, 0o755)
                    if let latest = options.latest { try parent.setModified(name, latest) }
                }
            }
        }
    }

    func setOwner(
        _ owner: Owner, of name: [CChar], in parent: any TreeDirectory, _ names: [[UInt8]]
    ) throws(Errno) {
        if owner == parent.creator, !parent.givesGroup { return }
        do throws(Errno) { try parent.setOwner(name, owner) } catch {
            // EINVAL: an id that the user namespace does not have.
            guard error == .notPermitted || error == .invalid else { throw error }
            options.lost(CopyOptions.Loss(path: names.path, kind: .owner(owner), cause: error))
        }
    }

    func setAttributes(
        _ attributes: [Selection.Attribute], of name: [CChar], in parent: any TreeDirectory, _ names: [[UInt8]]
    ) throws(Errno) {
        for attribute in attributes {
            do throws(Errno) { try parent.setAttribute(name, attribute) } catch {
                guard error == .notPermitted || error == .notSupported || error == .access || error == .invalid else {
                    throw error
                }
                options.lost(
                    CopyOptions.Loss(path: names.path, kind: .attribute(attribute.name), cause: error))
            }
        }
    }

    /// A time of a source, as the options allow it.
    func time(_ modified: Timestamp) -> Timestamp {
        guard let latest = options.latest else { return modified }
        return (modified.seconds, modified.nanoseconds) > (latest.seconds, latest.nanoseconds) ? latest : modified
    }

    /// Makes room for an object that is no directory.
    ///
    /// - Throws: ``BuildError`` where a directory is in the way that may not be replaced.
    func clear(_ names: [[UInt8]]) throws(BuildError) {
        guard let last = names.last, let status = try status(names) else { return }
        try naming("copy to", shown(names)) { () throws(Errno) in
            let parent = try chain.directory(names.dropLast())
            if status.isDirectory, options.replaces {
                try parent.removeTree(last.cPath)
                chain.forget()
            } else if !status.isDirectory {
                try parent.unlink(last.cPath)
            }
        }
        guard !status.isDirectory || options.replaces else {
            throw BuildError("cannot replace to directory \(displayed(shown(names))) with file")
        }
    }

    /// Makes a directory, or finds it.
    ///
    /// - Returns: whether it is new.
    func makeDirectory(_ names: [[UInt8]]) throws(BuildError) -> Bool {
        guard let last = names.last else { return false }
        if let status = try status(names) {
            if status.isDirectory { return false }
            guard options.replaces else {
                throw BuildError("cannot copy to non-directory: \(displayed(shown(names)))")
            }
            try clear(names)
        }
        try naming("make directory", shown(names)) { () throws(Errno) in
            // Nobody else's until its own mode is set.
            try chain.directory(names.dropLast()).makeDirectory(last.cPath, mode: 0o700)
        }
        return true
    }

    func shown(_ names: [[UInt8]]) -> [UInt8] { [.slash] + names.path }
}
