internal import CLinux
internal import Configuring
internal import Containers
internal import Linux
public import OCI

extension Builder {
    /// The image that a stage is, in the store and without a name.
    ///
    /// - Parameter state: has the layers of the image afterwards.
    /// - Throws: ``BuildError``.
    public func assemble(_ state: inout StageState) throws(BuildError) -> Store.Image {
        let options = session.options
        if options.squashes { try squash(&state) }
        if options.stripsSetID { try stripSetID(&state) }
        for (name, value) in options.labels { state.editor.config.execution.labels[name] = value }
        let now = options.timestamp.map { Instant(seconds: $0) } ?? .now
        state.editor.config.created = options.timestamp == nil ? state.created ?? now.description : now.description
        state.editor.config.embed(options.embedsCache ? try session.cacheEntries(state.steps) : [])
        return try BuildError.wrapping { () throws(StoreError) in
            try session.store.keep(
                state.editor.config, layers: state.layers.map(\.blob), annotations: options.annotations, session.lease)
        }
    }

    /// One layer over the base in place of all that the steps made; the history keeps its lines.
    private func squash(_ state: inout StageState) throws(BuildError) {
        let own = Array(state.layers[state.baseLayers...])
        guard own.count > 1 else { return }
        let merged = try session.makeDirectory("squash")
        for layer in own {
            try naming("squash", session.store.layerPath(layer.diffID)) { () throws(Errno) in
                try LayerMerge.merge(session.store.layerPath(layer.diffID), into: merged)
            }
        }
        let base = Array(state.layers[..<state.baseLayers])
        let lowers = base.reversed().map { session.store.layerPath($0.diffID) }
        let built = try BuildError.wrapping { () throws(ContainerError) in
            try session.store.built(
                session.builder(), LayerSource(upper: merged, lowers: lowers), session.lease)
        }
        state.layers = base + [Store.CachedLayer(diffID: built.diffID, blob: built.descriptor)]
        state.editor.config.diffIDs = state.layers.map(\.diffID)
        var isLast = true
        let total = state.editor.config.history.count
        var remaining = own.count
        for index in stride(from: total - 1, through: 0, by: -1) {
            guard !state.editor.config.history[index].emptyLayer, remaining > 0 else { continue }
            remaining -= 1
            // The last step that made a layer stands for all of them.
            if !isLast { state.editor.config.history[index].emptyLayer = true }
            isLast = false
        }
    }

    /// One layer more, in which what is set-user-ID or set-group-ID is not.
    private func stripSetID(_ state: inout StageState) throws(BuildError) {
        let tree = try StepTree(session, lowers: try session.lowers(of: state))
        var count = 0
        let layer = try tree.made { (root, _) throws(BuildError) in
            try naming("strip set-id bits", []) { () throws(Errno) in count = try SetIDStrip.strip(root) }
        }
        guard count > 0 else { return }
        state.append(layer, key: layer.diffID)
        let created = session.options.timestamp.map { Instant(seconds: $0) } ?? .now
        state.editor.config.history.append(
            ImageConfig.History(created: created.description, createdBy: "shale build --strip-setid", comment: "shale"))
    }
}

/// Takes set-id bits from files.
enum SetIDStrip {
    /// - Returns: how many files had some.
    static func strip(_ directory: any TreeDirectory, depth: Int = 0) throws(Errno) -> Int {
        guard depth < 2048 else { throw Errno.nameTooLong }
        var count = 0
        for name in try directory.names().map(\.cPath) {
            let status = try directory.status(name)
            if status.isDirectory {
                count += try strip(try directory.directory(name), depth: depth + 1)
            } else if status.isRegular, status.permissions & 0o6000 != 0 {
                try directory.setMode(name, status.permissions & 0o1777)
                count += 1
            }
        }
        return count
    }
}
