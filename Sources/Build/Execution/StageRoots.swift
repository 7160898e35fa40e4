internal import Containers
internal import Linux
internal import OCI

/// Trees of stages, images and named contexts that others take files from.
final class StageRoots: Sendable {
    private let session: BuildSession
    private let mounts = Locked<[[Digest]: Mounted]>([:])
    private let gate = Locked<Void>(())

    private final class Mounted: @unchecked Sendable {
        private(set) var tree: SourceTree?
        private var stack: MountedStack?

        init(_ stack: consuming MountedStack?, _ tree: SourceTree) {
            self.stack = stack
            self.tree = tree
        }

        func end() {
            // It is open in the mount.
            tree = nil
            if let stack = stack.take() { try? stack.end() }
        }
    }

    init(_ session: BuildSession) { self.session = session }

    /// The tree that layers show, in this process alone. It holds descriptors: one for each layer, and for directories that were
    /// looked at.
    ///
    /// - Parameter layers: diff ids from the base up.
    func tree(_ layers: [Digest]) throws(BuildError) -> SourceTree {
        var lowers = lowers(layers)
        if lowers.isEmpty { lowers = [try session.makeDirectory("source")] }
        return SourceTree(try LayeredTree(lowers))
    }

    /// The same as a mount, for what others are shown of it: made once, until the build ends.
    func mounted(_ layers: [Digest]) throws(BuildError) -> SourceTree {
        try gate.withLock { (_: inout Void) throws(BuildError) in
            if let known = mounts.withLock({ $0[layers]?.tree }) { return known }
            let path = try session.makeDirectory("source")
            let lowers = lowers(layers)
            var stack: MountedStack?
            if !lowers.isEmpty {
                stack = try BuildError.wrapping { () throws(ContainerError) in
                    try MountedStack.mount(lowers: lowers, changes: nil, at: path, helper: session.mountHelper)
                }
            }
            let tree = try SourceTree.directory(path, keepsOwners: true)
            let mounted = Mounted(stack.take(), tree)
            mounts.withLock { $0[layers] = mounted }
            return tree
        }
    }

    private func lowers(_ layers: [Digest]) -> [[UInt8]] {
        var seen: Set<Digest> = []
        return layers.reversed().filter { seen.insert($0).inserted }.map { session.store.layerPath($0) }
    }

    /// Nothing may use the trees any more.
    func end() {
        let ended = mounts.withLock { mounts in
            defer { mounts = [:] }
            return Array(mounts.values)
        }
        for mounted in ended { mounted.end() }
    }
}
