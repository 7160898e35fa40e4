internal import Containers
import Glibc
internal import OCI

/// Cache mounts on their way to builds elsewhere, and from there.
extension BuildSession {
    /// The directories of the cache mounts that steps of this build name, each as a layer. Those that only came along, because no
    /// step had to be done, go on as they came.
    func mountEntries() throws(BuildError) -> [CacheEntry] {
        var entries: [CacheEntry] = []
        let blobs = try BuildError.wrapping { () throws(BlobError) in try lease.blobs() }
        for id in namedMounts.sorted() {
            let names = try BuildError.wrapping { () throws(StoreError) in try store.cacheMountNames(id) }
            for name in names {
                let layer = try mountLayer(name)
                entries.append(CacheEntry(key: id, place: name, layer: layer))
            }
            for candidate in imported.mounts(id) where !names.contains(candidate.entry.place) {
                let (entry, layer) = (candidate.entry, candidate.entry.layer)
                do throws(BuildError) {
                    try candidate.fetch(layer.blob, blobs)
                    entries.append(CacheEntry(key: id, place: entry.place, layer: layer))
                } catch {
                    observer(.warning("--cache-from \(candidate.source): \(error.message)"))
                }
            }
        }
        return entries
    }

    private func mountLayer(_ name: String) throws(BuildError) -> Store.CachedLayer {
        let path = store.cacheMounts + Array("/\(name)".utf8)
        while try !holdUse(path + Array(".use".utf8)) {
            try checkGoing()
            usleep(50_000)
        }
        let built = try BuildError.wrapping { () throws(ContainerError) in
            try store.built(LayerBuilder(options.coding), LayerSource(upper: path), lease)
        }
        return Store.CachedLayer(diffID: built.diffID, blob: built.descriptor)
    }

    /// What a cache mount had elsewhere, in a new directory of the build.
    ///
    /// - Parameter name: of its directory in a store.
    /// - Returns: nil where nobody has it, or what there is cannot be had.
    func importedMount(_ name: String, _ id: Digest) throws(BuildError) -> [UInt8]? {
        for candidate in imported.mounts(id) where candidate.entry.place == name {
            let layer = candidate.entry.layer
            let place = try makeDirectory("mount") + Array("/content".utf8)
            do throws(BuildError) {
                try BuildError.wrapping { () throws(StoreError) in
                    try store.bring(layer, to: place, lease) { (blobs) throws(BuildError) in
                        try candidate.fetch(layer.blob, blobs)
                    }
                }
                return place
            } catch {
                observer(.warning("--cache-from \(candidate.source): \(error.message)"))
            }
        }
        return nil
    }
}
