import Linux

/// A layer that somebody else made, for who trusts him no further than its digests.
extension Store {
    /// Makes a layer of elsewhere one of the store's, unpacked.
    ///
    /// - Parameters:
    ///   - fetch: brings the blob, verified; not called where the store has the same tar.
    /// - Returns: the layer with the blob that the store has of it.
    /// - Throws: ``StoreError``, what `fetch` throws, or what the blob is refused for: then the layer is not there, or was before.
    public func bring<Failure: Error & CustomStringConvertible>(
        _ layer: CachedLayer, _ lease: Lease, fetch: (BlobDirectory) throws(Failure) -> Void
    ) throws(StoreError) -> CachedLayer {
        try lease.hold([layer.diffID, layer.blob.digest])
        if hasLayer(layer.diffID), let own = try blob(of: layer.diffID) {
            try lease.hold([own.digest])
            // A prune may have been faster.
            if try size(of: own.digest) == own.size {
                return CachedLayer(diffID: layer.diffID, blob: own, created: layer.created)
            }
        }
        let blobs = try StoreError.wrapping(.failed) { () throws(BlobError) in try lease.blobs() }
        try StoreError.wrapping(.failed) { () throws(Failure) in try fetch(blobs) }
        guard hasLayer(layer.diffID) else {
            try unpack(layer.blob, as: layer.diffID, lease)
            return layer
        }
        // Nothing is unpacked of it, but the images that are made of the layer will have it.
        let file = try StoreError.wrapping { () throws(BlobError) in try blobs.open(layer.blob.digest) }
        let actual = try StoreError.wrapping { () throws(LayerError) in
            let reader = try LayerReader(file.fd)
            while try reader.next() != nil {}
            return try reader.finish()
        }
        guard actual == layer.diffID else {
            throw StoreError(.damaged, "read blob \(layer.blob.digest): it is layer \(actual), not \(layer.diffID)")
        }
        try record(layer.blob, of: layer.diffID)
        return layer
    }

    /// Unpacks a layer of elsewhere to a directory that is nobody's layer.
    ///
    /// - Parameters:
    ///   - place: is not there yet.
    ///   - fetch: brings the blob, verified.
    /// - Throws: ``StoreError``; then nothing is there.
    public func bring<Failure: Error & CustomStringConvertible>(
        _ layer: CachedLayer, to place: [UInt8], _ lease: Lease, fetch: (BlobDirectory) throws(Failure) -> Void
    ) throws(StoreError) {
        try lease.hold([layer.blob.digest])
        let blobs = try StoreError.wrapping(.failed) { () throws(BlobError) in try lease.blobs() }
        try StoreError.wrapping(.failed) { () throws(Failure) in try fetch(blobs) }
        let file = try StoreError.wrapping { () throws(BlobError) in try blobs.open(layer.blob.digest) }
        let unpacker = LayerUnpacker(digest: layer.blob.digest, diffID: layer.diffID)
        try StoreError.wrapping { () throws(LayerError) in try unpacker.unpack(file.fd, to: place) }
    }
}
