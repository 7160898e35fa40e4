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
    static func resolve(_ path: [UInt8], in root: FD, followsLast: Bool = true) throws(Errno) -> [[UInt8]] {
        var waiting = Array(path.pathNames.reversed())
        var names: [[UInt8]] = []
        // The directories of `names` that exist.
        var directories: [SharedFile] = []
        var links = 0
        while let name = waiting.popLast() {
            if name == [.dot, .dot] {
                if directories.count == names.count { _ = directories.popLast() }
                _ = names.popLast()
                continue
            }
            guard names.count < mostNames, waiting.count < 1 << 16 else { throw .nameTooLong }
            guard directories.count == names.count,
                let object = try open(name, in: directories.last?.descriptor.fd ?? root)
            else {
                names.append(name)
                continue
            }
            if try object.descriptor.status().isSymlink, followsLast || !waiting.isEmpty {
                links += 1
                guard links <= mostLinks else { throw .loop }
                let target = try object.descriptor.fd.linkTarget("")
                if target.first == .slash {
                    names = []
                    directories = []
                }
                waiting += target.pathNames.reversed()
                continue
            }
            names.append(name)
            directories.append(object)
        }
        return names
    }

    private static func open(_ name: [UInt8], in directory: FD) throws(Errno) -> SharedFile? {
        do throws(Errno) {
            return SharedFile(try directory.open(name.cPath, [.path, .noFollow]))
        } catch {
            guard error == .noEntry || error == .notDirectory else { throw error }
            return nil
        }
    }
}

extension Descriptor {
    fileprivate func status() throws(Errno) -> Status { try fd.status() }
}

extension FD {
    /// readlink(2); an empty name is the descriptor's own link (O_PATH).
    func linkTarget(_ name: CPath) throws(Errno) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 4096)
        let result = target.withUnsafeMutableBytes {
            cl_readlinkat(raw, name, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        target.removeLast(target.count - (try check(result)))
        return target
    }
}
