internal import Linux
internal import OCI

/// A fresh upper over a stage's layers that this process changes itself, without a mount.
struct StepTree {
    private let upper: StepUpper

    init(_ session: BuildSession, lowers: [[UInt8]]) throws(BuildError) {
        upper = try StepUpper(session, lowers: lowers)
    }

    /// The layer of what `body` changes.
    ///
    /// - Parameter body: gets the root directory, and how to write to it.
    func made(
        _ options: CopyOptions = CopyOptions(),
        _ body: (any TreeDirectory, CopyOptions) throws(BuildError) -> Void
    ) throws(BuildError) -> Store.CachedLayer {
        let losses = Losses()
        let session = upper.session
        var options = options
        options.interruption = session.interruption
        options.lost = { losses.add($0, session.observer) }
        do {
            // Closed before the upper becomes a layer.
            let layers = try LayeredTree(upper.lowers, changes: .init(upper: upper.upper, work: upper.work))
            try body(layers.root, options)
        }
        return try upper.commit(losses.owners)
    }

    /// What the upper cannot hold: its layer has the owners all the same.
    private final class Losses: Sendable {
        private let state = Locked<LayerOwners>(LayerOwners())

        var owners: LayerOwners { state.withLock { $0 } }

        func add(_ loss: CopyOptions.Loss, _ observer: BuildObserver) {
            switch loss.kind {
            case .owner(let owner): state.withLock { $0[loss.path] = (owner.uid, owner.gid) }
            case .attribute(let name):
                observer(.warning("copy to /\(displayed(loss.path)): attribute \(displayed(name)): \(loss.cause)"))
            case .device: observer(.warning("copy to /\(displayed(loss.path)): device: \(loss.cause)"))
            }
        }
    }
}
