public import OCI

extension ContainerStore {
    /// The directories that show a container's files, or an image's, from top to bottom; layers that are missing are unpacked.
    /// What only mounts stood on is not among them.
    ///
    /// - Parameters:
    ///   - text: a container's name or the beginning of its id, or what `Store.find` takes.
    ///   - lease: keeps the layers.
    /// - Throws: ``ContainerError``; `missing` where there is nothing of that name.
    public func tree(of text: String, _ lease: Lease) throws(ContainerError) -> [[UInt8]] {
        do throws(ContainerError) {
            let record = try find(text)
            return [upper(of: record)] + lowers(of: record).dropFirst()
        } catch {
            // Several begin so: an image of that name is not meant.
            guard error.kind == .missing, !error.description.contains("begin so") else { throw error }
        }
        return try ContainerError.wrapping { () throws(StoreError) in
            try store.unpacked(try store.present(store.find(text).image), lease)
        }
    }
}
