public import GoTemplate
public import OCI

extension Inspector {
    /// A container, by its id or the beginning of it.
    public func container(_ name: String) throws(StoreError) -> Value {
        let found = try store.containers().filter { $0.id.hasPrefix(name) }
        guard !name.isEmpty, let container = found.first else {
            throw StoreError(.missing, "find container \(printable(name)): there is none")
        }
        guard found.count == 1 else {
            let ids = found.prefix(4).map { String($0.id.prefix(24)) }.joined(separator: ", ")
            throw StoreError(.missing, "find container \(printable(name)): \(found.count) begin so: \(ids)")
        }
        let entry = try store.images().first { $0.image.digest == container.image }
        let image = try entry.map { (entry) throws(StoreError) in try store.present(entry.image) }
        let root = String(decoding: store.path, as: UTF8.self)
        var data = ["UpperDir": "\(root)/containers/\(container.id)/upper"]
        data["WorkDir"] = "\(root)/containers/\(container.id)/work"
        if let image {
            let layers = image.config.diffIDs.reversed().map { String(decoding: store.layerPath($0), as: UTF8.self) }
            data["LowerDir"] = layers.joined(separator: ":")
        }
        return .object([
            .init("Id", .string(container.id)),
            .init("Image", .string(image?.id.description ?? container.image.description)),
            .init("GraphDriver", Self.graphDriver(data)),
        ])
    }
}
