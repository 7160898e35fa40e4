internal import Containers
internal import Linux
internal import OCI

/// Trees of stages, images and named contexts that others take files from: each mounted once, read-only, until the build ends.
final class StageRoots: Sendable {
    private let session: BuildSession
    private let trees = Locked<[[Digest]: (path: [UInt8], tree: SourceTree)]>([:])
    private let mounts = Locked<[Mounted]>([])
    private let gate = Locked<Void>(())

    private final class Mounted: @unchecked Sendable {
        private var stack: MountedStack?
        init(_ stack: consuming MountedStack) { self.stack = consume stack }
        func end() { if let stack = stack.take() { try? stack.end() } }
    }

    init(_ session: BuildSession) { self.session = session }

    /// The tree that layers show.
    ///
    /// - Parameter layers: diff ids from the base up.
    func tree(_ layers: [Digest]) throws(BuildError) -> SourceTree { try place(layers).tree }

    func place(_ layers: [Digest]) throws(BuildError) -> (path: [UInt8], tree: SourceTree) {
        try gate.withLock { (_: inout Void) throws(BuildError) in
            if let known = trees.withLock({ $0[layers] }) { return known }
            let path = try session.makeDirectory("source")
            var seen: Set<Digest> = []
            let lowers = layers.reversed().filter { seen.insert($0).inserted }.map { session.store.layerPath($0) }
            if !lowers.isEmpty {
                let stack = try BuildError.wrapping { () throws(ContainerError) in
                    try MountedStack.mount(lowers: lowers, changes: nil, at: path, helper: session.mountHelper)
                }
                let mounted = Mounted(stack)
                mounts.withLock { $0.append(mounted) }
            }
            let tree = try SourceTree.directory(path, keepsOwners: true)
            trees.withLock { $0[layers] = (path, tree) }
            return (path, tree)
        }
    }

    /// Nothing may use the trees any more.
    func end() {
        trees.withLock { $0 = [:] }
        for mounted in mounts.withLock({ $0 }) { mounted.end() }
        mounts.withLock { $0 = [] }
    }
}
