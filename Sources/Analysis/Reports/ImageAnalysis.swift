import OCI

/// All that is found out about an image in one pass over its layers.
public struct ImageAnalysis: Sendable {
    public let image: OpenedImage
    /// From the base up.
    public let layers: [LayerContents]
    public let tree: ImageTree
    public let figures: DiveFigures
    public let reclaimable: Reclaimable
    public let secrets: [BuriedSecret]

    /// Reads an image.
    ///
    /// - Throws: ``AnalysisError`` in one line.
    public static func read(_ image: OpenedImage, _ pass: LayerPass = LayerPass()) async throws(AnalysisError)
        -> ImageAnalysis
    {
        let read = try await pass.read(image) { _ in [SecretScan()] }
        let layers = read.map(\.contents)
        // Two trees of their own, beside each other.
        async let figures = DiveFigures(layers)
        let tree = ImageTree.build(layers)
        let scans = read.map { ($0.visitors.first as? SecretScan)?.found ?? [:] }
        let reclaimable = Reclaimable(tree)
        let secrets = BuriedSecret.find(tree, scans)
        return ImageAnalysis(
            image: image, layers: layers, tree: tree, figures: await figures, reclaimable: reclaimable, secrets: secrets
        )
    }

    /// The instruction that made a layer, without the shell that ran it.
    public func instruction(_ layer: Int) -> String { Self.instruction(layers[layer].layer) }

    static func instruction(_ layer: OpenedLayer) -> String {
        var text = layer.instruction ?? ""
        // Docker's classic builder writes RUN as the command of a shell, and others behind a mark.
        if text.hasPrefix("/bin/sh -c #(nop) ") {
            text = String(text.dropFirst(18))
        } else if text.hasPrefix("/bin/sh -c ") {
            text = "RUN " + text.dropFirst(11)
        }
        if text.hasPrefix("RUN /bin/sh -c ") { text = "RUN " + text.dropFirst(15) }
        if text.hasSuffix(" # buildkit") { text = String(text.dropLast(11)) }
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.isEmpty ? "(no instruction recorded)" : displayed(words)
    }

    /// Bytes of the blobs as they are stored.
    public var storedBytes: Int64 { layers.reduce(0) { $0 &+ $1.blobSize } }
}
