public import OCI

/// An image under one of its names, for lists.
public struct ImageRow: Sendable {
    public let entry: Store.Entry
    /// nil for one that cannot be read.
    public let image: Store.Image?
    /// nil for one without a name.
    public let name: Reference?
    public let created: Instant?
    /// Of all layers: their tars where they are unpacked, otherwise their blobs.
    public let size: Int64

    /// As docker counts ids.
    public var id: Digest { image?.id ?? entry.image.digest }

    public var repository: String? {
        guard let name else { return nil }
        return (try? Reference(registry: name.registry, repository: name.repository))?.familiar
    }
}

extension Store {
    /// Every image once under each of its names, newest first. A name by digest alone is left out where the image has a tag in
    /// the same repository.
    ///
    /// - Throws: ``StoreError`` when the database cannot be read.
    public func imageRows() throws(StoreError) -> [ImageRow] {
        var rows: [ImageRow] = []
        for entry in try images() {
            let image = try? present(entry.image)
            let created = image?.config.created.flatMap { Instant($0) }
            var size: Int64 = 0
            if let image {
                for bytes in try layerSizes(of: image) { size = size.addingReportingOverflow(bytes).partialValue }
            }
            func row(_ name: Reference?) -> ImageRow {
                ImageRow(entry: entry, image: image, name: name, created: created, size: size)
            }
            let tagged = entry.names.filter { $0.tag != nil }
            let others = entry.names.filter { name in
                name.tag == nil && !tagged.contains { $0.registry == name.registry && $0.repository == name.repository }
            }
            rows += entry.names.isEmpty ? [row(nil)] : (tagged + others).map(row)
        }
        // A stable order among images of the same moment.
        return rows.enumerated().sorted { one, other in
            let (a, b) = (one.element.created, other.element.created)
            if a == b { return one.offset < other.offset }
            guard let a else { return false }
            return b.map { a > $0 } ?? true
        }.map(\.element)
    }
}
