internal import Dockerfile
public import Linux
internal import OCI

extension BuildSession {
    /// Copies what a stage's layers show into a directory, owners included where they can be had.
    ///
    /// - Throws: ``BuildError``.
    public func copyTree(of state: StageState, to path: [UInt8]) throws(BuildError) {
        let lowers = try lowers(of: state)
        guard !lowers.isEmpty else { return }
        let root = try naming("open", path) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        }
        let place = SourceLocation(file: "", firstLine: 0, lastLine: 0)
        let selecting = Selecting(
            from: SourceTree(try LayeredTree(lowers)), digests: digests, at: place, interruption: interruption)
        let options = CopyOptions(interruption: interruption)
        try Copier(root: root.fd, options: options).copy(
            try selecting.selectAll(), to: Destination(Array("/".utf8)))
    }

    /// Writes what a stage's layers show to a file, as a tar.
    ///
    /// - Throws: ``BuildError``.
    public func archiveTree(of state: StageState, to file: FD) throws(BuildError) {
        var lowers = try lowers(of: state)
        if lowers.isEmpty { lowers = [try makeDirectory("source")] }
        var builder = builder()
        builder.coding = LayerCoding(.none)
        do throws(LayerError) { _ = try builder.flatten(lowers, into: file) } catch {
            throw BuildError(error.description)
        }
    }

    /// The directories of a stage's layers from top to bottom; one that was squashed has been a blob alone.
    func lowers(of state: StageState) throws(BuildError) -> [[UInt8]] {
        for layer in state.layers {
            try BuildError.wrapping { () throws(StoreError) in try store.unpack(layer.blob, as: layer.diffID, lease) }
        }
        return state.lowers(in: store)
    }
}
