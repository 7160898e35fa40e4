import Linux
import OCI

/// Lists what filters leave of a tree below a directory, in the order of names, a directory before what it holds.
///
/// A directory that is left out comes where something below it does not; it is not entered when nothing can.
struct TreeWalk {
    struct Found {
        /// From the directory that the walk began in.
        let path: [UInt8]
        let status: FileStatus
        /// A directory that is only here for what is below it.
        let isOnlyParent: Bool
        let parent: FD
        let name: [UInt8]
    }

    private struct Frame {
        let path: [UInt8]
        let directory: SharedFile
        var names: ArraySlice<[UInt8]>
        let states: [PathFilter.State]
    }

    /// A directory that is left out, unless something below it comes.
    private struct Waiting {
        let depth: Int
        let path: [UInt8]
        let status: FileStatus
        let parent: SharedFile
        let name: [UInt8]
    }

    let filters: [PathFilter]
    private var frames: [Frame] = []
    private var waiting: [Waiting] = []

    init(_ filters: [PathFilter]) { self.filters = filters }

    /// - Throws: what `body` throws, and ``BuildError`` for what cannot be listed.
    mutating func walk(
        _ directory: consuming Descriptor, named top: [UInt8], _ body: (Found) throws(BuildError) -> Void
    ) throws(BuildError) {
        try enter(SharedFile(directory), path: [], states: filters.map(\.start), top)
        while let frame = frames.last {
            guard let name = frame.names.first else {
                frames.removeLast()
                while let last = waiting.last, last.depth > frames.count { waiting.removeLast() }
                continue
            }
            frames[frames.count - 1].names.removeFirst()
            try visit(name, in: frame, top, body)
        }
    }

    private mutating func visit(
        _ name: [UInt8], in frame: Frame, _ top: [UInt8], _ body: (Found) throws(BuildError) -> Void
    ) throws(BuildError) {
        let path = frame.path.joined(name)
        var states: [PathFilter.State] = []
        var isLeftOut = false
        var isHopeless = false
        for (filter, state) in zip(filters, frame.states) {
            let (isIgnored, below) = filter.ignores(name, in: state)
            states.append(below)
            guard isIgnored else { continue }
            isLeftOut = true
            if !filter.mayKeep(below: below) { isHopeless = true }
        }
        if isHopeless { return }
        let parent = frame.directory.descriptor.fd
        let status: FileStatus
        do throws(Errno) { status = FileStatus(try parent.status(name.cPath)) } catch {
            // Gone since the directory was read.
            if error == .noEntry { return }
            throw BuildError("read", top.joined(path), error)
        }
        if status.isSocket || isLeftOut && !status.isDirectory { return }
        if isLeftOut {
            waiting.append(
                Waiting(depth: frames.count, path: path, status: status, parent: frame.directory, name: name))
        } else {
            for directory in waiting {
                try body(
                    Found(
                        path: directory.path, status: directory.status, isOnlyParent: true,
                        parent: directory.parent.descriptor.fd, name: directory.name))
            }
            waiting = []
            try body(Found(path: path, status: status, isOnlyParent: false, parent: parent, name: name))
        }
        guard status.isDirectory else { return }
        let opened = try naming("read", top.joined(path)) { () throws(Errno) in
            try parent.open(name.cPath, [.readOnly, .directory, .noFollow])
        }
        try enter(SharedFile(opened), path: path, states: states, top)
    }

    private mutating func enter(
        _ directory: SharedFile, path: [UInt8], states: [PathFilter.State], _ top: [UInt8]
    ) throws(BuildError) {
        let names = try naming("list", top.joined(path)) { () throws(Errno) in
            try directory.descriptor.fd.sortedNames()
        }
        frames.append(Frame(path: path, directory: directory, names: names[...], states: states))
    }
}

extension FD {
    /// The names in this directory, in the order of their bytes. It must be open for reading, at its start.
    func sortedNames() throws(Errno) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
