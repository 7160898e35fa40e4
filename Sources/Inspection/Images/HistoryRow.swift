public import OCI

/// A step of an image's history, for lists.
public struct HistoryRow: Sendable {
    /// The image of the store that ends with this step; nil where there is none.
    public let id: Digest?
    public let created: Instant?
    public let createdBy: String
    public let comment: String
    /// Of the layer: its tar where it is unpacked, otherwise its blob; 0 for a step without a layer.
    public let size: Int64
}

extension Store {
    /// The steps of an image, newest first. Layers that no step speaks of come as steps of their own, below those that do.
    ///
    /// - Throws: ``StoreError`` when the database cannot be read.
    public func historyRows(of image: Image) throws(StoreError) -> [HistoryRow] {
        let sizes = try layerSizes(of: image)
        var steps = image.config.history
        let unsaid = sizes.count - steps.count { !$0.emptyLayer }
        if unsaid > 0 { steps = (0..<unsaid).map { _ in ImageConfig.History() } + steps }
        let others = try images().compactMap { try? present($0.image) }
        var layers = 0
        var rows: [HistoryRow] = []
        for (index, step) in steps.enumerated() {
            var size: Int64 = 0
            if !step.emptyLayer, layers < sizes.count {
                size = sizes[layers]
                layers += 1
            }
            let end = index + 1
            let here =
                end == steps.count
                ? image.id
                : others.first { other in
                    other.config.history.count == end && other.config.history.elementsEqual(steps[..<end])
                        && other.config.diffIDs.elementsEqual(image.config.diffIDs.prefix(layers))
                }?.id
            rows.append(
                HistoryRow(
                    id: here, created: step.created.flatMap { Instant($0) }, createdBy: step.createdBy ?? "",
                    comment: step.comment ?? "", size: size))
        }
        return rows.reversed()
    }
}
