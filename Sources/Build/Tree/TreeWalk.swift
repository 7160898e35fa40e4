import Linux

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
        let parent: any TreeDirectory
        let name: [UInt8]
    }

    private struct Frame {
        let path: [UInt8]
        let directory: any TreeDirectory
        var names: ArraySlice<[UInt8]>
        let states: [PathFilter.State]
    }

    /// A directory that is left out, unless something below it comes.
    private struct Waiting {
        let depth: Int
        let path: [UInt8]
        let status: FileStatus
        let parent: any TreeDirectory
        let name: [UInt8]
    }

    let filters: [PathFilter]
    private var frames: [Frame] = []
    private var waiting: [Waiting] = []

    init(_ filters: [PathFilter]) { self.filters = filters }

    /// - Throws: what `body` throws, and ``BuildError`` for what cannot be listed.
    mutating func walk(
        _ directory: any TreeDirectory, named top: [UInt8], _ body: (Found) throws(BuildError) -> Void
    ) throws(BuildError) {
        try enter(directory, path: [], states: filters.map(\.start), top)
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
        let parent = frame.directory
        let status: FileStatus
        do throws(Errno) { status = try parent.status(name.cPath) } catch {
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
                        parent: directory.parent, name: directory.name))
            }
            waiting = []
            try body(Found(path: path, status: status, isOnlyParent: false, parent: parent, name: name))
        }
        guard status.isDirectory else { return }
        let opened = try naming("read", top.joined(path)) { () throws(Errno) in
            try parent.directory(name.cPath)
        }
        try enter(opened, path: path, states: states, top)
    }

    private mutating func enter(
        _ directory: any TreeDirectory, path: [UInt8], states: [PathFilter.State], _ top: [UInt8]
    ) throws(BuildError) {
        let names = try naming("list", top.joined(path)) { () throws(Errno) in
            try directory.names()
        }
        frames.append(Frame(path: path, directory: directory, names: names[...], states: states))
    }
}
