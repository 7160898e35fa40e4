/// What became of an image that was to be removed.
public struct ImageRemoval: Equatable, Sendable {
    public var untagged: [Reference] = []
    /// The id of the image, where it is gone and not only a name of it. Its content goes with the next prune.
    public var deleted: Digest?
}

extension Store {
    /// Takes a name away, and the image with its last one. By its id an image loses all names at once.
    ///
    /// - Parameters:
    ///   - text: a name, or the beginning of an id.
    ///   - force: also where an id has names in several repositories, and where a container is made of the image: that one stays
    ///     without a name for as long as the container does.
    /// - Throws: ``StoreError``; then nothing is changed.
    public func removeImage(_ text: String, force: Bool) throws(StoreError) -> ImageRemoval {
        let entry = try find(text)
        var names = entry.names
        if try !isID(text, of: entry), let name = try? Reference(text).tagged, names.contains(name) { names = [name] }
        let repositories = Set(names.map { "\($0.registry)/\($0.repository)" })
        guard force || repositories.count <= 1 else {
            throw StoreError(
                .failed, "remove image \(printable(text)): it has names in several repositories; -f removes all")
        }
        if names.count == entry.names.count, !force,
            let container = try containers().first(where: { $0.image == entry.image.digest })
        {
            throw StoreError(
                .failed,
                "remove image \(printable(text)): container \(container.id.prefix(12)) is made of it; -f takes its names away"
            )
        }
        var removal = ImageRemoval()
        let id = (try? present(entry.image))?.id ?? entry.image.digest
        for name in names where try unname(name) { removal.untagged.append(name) }
        if try removeNameless(entry.image.digest) { removal.deleted = id }
        return removal
    }
}
