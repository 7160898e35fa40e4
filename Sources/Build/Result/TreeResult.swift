internal import Containers
internal import Dockerfile
internal import Linux
internal import OCI

extension BuildSession {
    /// Shows a stage's file system while `body` looks at it.
    ///
    /// - Parameter body: gets its path, and it as a tree whose owners count.
    public func withTree(
        of state: StageState, _ body: ([UInt8], SourceTree) throws(BuildError) -> Void
    ) throws(BuildError) {
        let roots = StageRoots(self)
        defer { roots.end() }
        let (path, tree) = try roots.place(state.layers.map(\.diffID))
        try body(path, tree)
    }

    /// Copies a tree into a directory, owners included where they can be had.
    public func copyTree(_ tree: SourceTree, to path: [UInt8]) throws(BuildError) {
        let root = try naming("open", path) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        }
        let place = SourceLocation(file: "", firstLine: 0, lastLine: 0)
        let selection = try Selecting(from: tree, digests: digests, at: place).selectAll()
        try Copier(root: root.fd).copy(selection, to: Destination(Array("/".utf8)))
    }
}
