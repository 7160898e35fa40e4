extension Lease {
    /// The store's blobs, where everything that is added or found stays until the lease ends.
    public func blobs() throws(BlobError) -> BlobDirectory {
        try store.blobs.held { (digests) throws(BlobError) in
            do throws(StoreError) { try self.hold(digests) } catch { throw .unavailable("\(error)") }
        }
    }
}
