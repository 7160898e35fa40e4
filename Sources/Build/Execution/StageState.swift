public import Configuring
public import Dockerfile
public import OCI

/// A stage as far as it is built: what it is configured to be, its layers, and what they depend on.
public struct StageState: Sendable {
    public var editor: ConfigEditor
    /// From the base up.
    public var layers: [Store.CachedLayer]
    /// How many of them the base image brought.
    public var baseLayers: Int
    /// What the next step is built on, for its cache key.
    public var key: Digest
    /// The keys of all steps that made layers, in order.
    var steps: [Digest] = []
    public var scope: Scope
    /// RFC 3339: of the youngest step, or of the base. The same steps give the same image, whenever they are taken from the cache.
    public var created: String?

    /// The layers' directories from top to bottom.
    func lowers(in store: Store) -> [[UInt8]] {
        var seen: Set<Digest> = []
        return layers.reversed().filter { seen.insert($0.diffID).inserted }.map { store.layerPath($0.diffID) }
    }

    mutating func append(_ layer: Store.CachedLayer, key: Digest) {
        layers.append(layer)
        editor.config.diffIDs.append(layer.diffID)
        self.key = key
        steps.append(key)
        if let time = layer.created { created = time }
    }

    var user: String { editor.config.execution.user ?? "" }

    var workingDirectory: String {
        editor.config.execution.workingDirectory.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
    }
}
