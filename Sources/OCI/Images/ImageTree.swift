extension Store {
    /// The directories that an image or a container is made of, from top to bottom; layers that are missing are unpacked.
    ///
    /// - Parameters:
    ///   - text: the beginning of a container's id, or what ``find(_:)`` takes.
    ///   - lease: keeps the layers.
    /// - Throws: ``StoreError``; `missing` where there is nothing of that name.
    public func tree(of text: String, _ lease: Lease) throws(StoreError) -> [[UInt8]] {
        let found = text.isEmpty ? [] : try containers().filter { $0.id.hasPrefix(text) }
        guard let container = found.first else { return try unpacked(try present(find(text).image), lease) }
        guard found.count == 1 else {
            throw StoreError(.missing, "find container \(printable(text)): \(found.count) containers begin so")
        }
        guard let entry = try images().first(where: { $0.image.digest == container.image }) else {
            throw StoreError(.damaged, "find container \(container.id): its image \(container.image) is missing")
        }
        let upper = joined(path, Array("containers/\(container.id)/upper".utf8))
        return [upper] + (try unpacked(try present(entry.image), lease))
    }
}
