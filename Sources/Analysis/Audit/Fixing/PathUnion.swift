internal import Linux
internal import Union

/// A union in this process, by paths: what mending an image changes is copied up as any mount does it.
struct PathUnion {
    private let union: Union

    /// - Parameters:
    ///   - lowers: from top to bottom.
    ///   - upper: gets the changes.
    init(lowers: [[UInt8]], upper: [UInt8], work: [UInt8]) throws(Refusal) {
        var configuration = Configuration()
        configuration.lowers = lowers
        configuration.upper = upper
        configuration.work = work
        configuration.volatile = false
        union = try Union(configuration)
    }

    func setMode(_ path: [UInt8], _ mode: UInt32) throws(Errno) {
        var change = StatusChange()
        change.mode = mode
        _ = try union.change(try node(path[...]), change)
    }

    func unlink(_ path: [UInt8]) throws(Errno) {
        let slash = path.lastIndex(of: 0x2f)
        let parent = try node(slash.map { path[..<$0] } ?? [])
        try Self.named(path[(slash.map { $0 + 1 } ?? 0)...]) { (name) throws(Errno) in try union.unlink(parent, name) }
    }

    private func node(_ path: ArraySlice<UInt8>) throws(Errno) -> NodeID {
        var node = union.rootNode
        for part in path.split(separator: 0x2f) {
            let parent = node
            let found = try Self.named(part) { (name) throws(Errno) in try union.lookup(parent, name) }
            guard let found else { throw Errno.noEntry }
            node = found.node
        }
        return node
    }

    private static func named<Result>(
        _ part: ArraySlice<UInt8>, _ body: (Name) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let bytes = Array(part).cPath
        let outcome = bytes.withUnsafeBufferPointer { buffer -> Swift.Result<Result, Errno> in
            guard let base = buffer.baseAddress else { return .failure(.invalid) }
            do throws(Errno) { return .success(try body(Name(path: base, count: buffer.count - 1))) } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
