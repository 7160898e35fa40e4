import CLinux
import Linux
import OCI

/// Paths as a process would resolve them whose root directory is a given one (chroot(2)): links stay inside, `..`
/// stops at the root. Nothing is opened through a link, so that whoever changes the tree meanwhile can make this fail,
/// but not leave the root.
enum RootedPath {
    /// As many as continuity's `fs.RootPath`, which BuildKit resolves by.
    private static let mostLinks = 255
    /// Each takes a descriptor.
    private static let mostNames = 512

    /// The names that lead from the root to what a path means, none of them a link. From the first that is missing, or is
    /// no directory, they are as written.
    ///
    /// - Parameter followsLast: whether a link at the end is followed too.
    /// - Throws: ELOOP for links without end, ENAMETOOLONG for a path of too many names, or what the file system says.
    static func resolve(
        _ path: [UInt8], in root: any TreeDirectory, followsLast: Bool = true
    ) throws(Errno) -> [[UInt8]] {
        var waiting = Array(path.pathNames.reversed())
        var names: [[UInt8]] = []
        // Of `names`, as far as they exist.
        var directories: [any TreeDirectory] = []
        var links = 0
        while let name = waiting.popLast() {
            if name == [.dot, .dot] {
                if directories.count == names.count { _ = directories.popLast() }
                _ = names.popLast()
                continue
            }
            guard names.count < mostNames, waiting.count < 1 << 16 else { throw .nameTooLong }
            let parent = directories.last ?? root
            guard directories.count == names.count, let status = try status(name, in: parent) else {
                names.append(name)
                continue
            }
            if status.isSymlink, followsLast || !waiting.isEmpty {
                links += 1
                guard links <= mostLinks else { throw .loop }
                let target = try parent.target(name.cPath)
                if target.first == .slash {
                    names = []
                    directories = []
                }
                waiting += target.pathNames.reversed()
                continue
            }
            if status.isDirectory { directories.append(try parent.directory(name.cPath)) }
            names.append(name)
        }
        return names
    }

    /// nil for what is missing.
    private static func status(_ name: [UInt8], in directory: any TreeDirectory) throws(Errno) -> FileStatus? {
        do throws(Errno) { return try directory.status(name.cPath) } catch {
            guard error == .noEntry || error == .notDirectory else { throw error }
            return nil
        }
    }
}
