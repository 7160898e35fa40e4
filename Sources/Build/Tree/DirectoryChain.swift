import CLinux
import Linux

/// Opens directories beneath a root name by name, never through a link. Those on the way to the last one stay open:
/// entries come in order, and the next is near.
final class DirectoryChain {
    private let root: any TreeDirectory
    private var steps: [Step] = []

    private struct Step {
        let name: [UInt8]
        let directory: any TreeDirectory
    }

    init(_ root: any TreeDirectory) { self.root = root }

    /// - Parameter names: from the root; empty for the root itself.
    /// - Throws: ENOTDIR or ELOOP for what is no directory, ENOENT for what is missing.
    func directory(_ names: some Collection<[UInt8]>) throws(Errno) -> any TreeDirectory {
        var shared = 0
        var rest = names[...]
        while shared < steps.count, let name = rest.first, steps[shared].name == name {
            rest = rest.dropFirst()
            shared += 1
        }
        steps.removeLast(steps.count - shared)
        for name in rest {
            let parent = steps.last?.directory ?? root
            steps.append(Step(name: name, directory: try parent.directory(name.cPath)))
        }
        return steps.last?.directory ?? root
    }

    /// Opens a regular file for reading; what took its place meanwhile is neither waited for nor followed.
    func open(_ path: [UInt8]) throws(Errno) -> Descriptor {
        let (parent, last) = path.parentAndLast
        return try directory(parent.pathNames).open(last.cPath)
    }

    /// Forgets directories that somebody may have replaced.
    func forget() { steps = [] }
}
