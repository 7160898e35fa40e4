import CLinux
import Linux

/// Opens directories beneath a root name by name, never through a link. Those on the way to the last one stay open:
/// entries come in order, and the next is near.
final class DirectoryChain {
    private let root: FD
    private var steps: [Step] = []

    private struct Step {
        let name: [UInt8]
        let directory: Directory
    }

    /// A directory that is open for reading.
    final class Directory {
        let descriptor: Descriptor
        /// New objects take the directory's group (inode(7), S_ISGID).
        let givesGroup: Bool

        init(_ descriptor: consuming Descriptor) throws(Errno) {
            givesGroup = try descriptor.fd.status().mode & 0o2000 != 0
            self.descriptor = descriptor
        }

        var fd: FD { descriptor.fd }
    }

    /// - Parameter root: a directory, which must stay open.
    init(_ root: FD) { self.root = root }

    /// - Parameter names: from the root; empty for the root itself.
    /// - Throws: ENOTDIR or ELOOP for what is no directory, ENOENT for what is missing.
    func directory(_ names: some Collection<[UInt8]>) throws(Errno) -> Directory {
        // The root itself is step 0.
        if steps.isEmpty { steps.append(Step(name: [], directory: try open(root, [.dot]))) }
        var shared = 1
        var rest = names[...]
        while shared < steps.count, let name = rest.first, steps[shared].name == name {
            rest = rest.dropFirst()
            shared += 1
        }
        steps.removeLast(steps.count - shared)
        for name in rest {
            steps.append(Step(name: name, directory: try open(steps[steps.count - 1].directory.fd, name)))
        }
        return steps[steps.count - 1].directory
    }

    /// Forgets directories that somebody may have replaced.
    func forget() { steps = [] }

    private func open(_ parent: FD, _ name: [UInt8]) throws(Errno) -> Directory {
        try Directory(try parent.open(name.cPath, [.readOnly, .directory, .noFollow]))
    }
}
