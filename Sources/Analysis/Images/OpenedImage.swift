public import OCI

/// An image to be inspected, wherever it was found: its configuration and its layers, ready to be read.
public struct OpenedImage: Sendable {
    /// As whoever asked called it.
    public let title: String
    /// In full; empty where it has none.
    public let names: [Reference]
    /// nil in `docker save`'s older archives, which have no manifests, and for a container.
    public let manifest: ContentDescriptor?
    /// The digest of the configuration; nil for a container.
    public let id: Digest?
    public let config: ImageConfig
    /// From the base up.
    public let layers: [OpenedLayer]
}

/// A layer that can be read, with the step that made it.
public struct OpenedLayer: Sendable {
    /// From the base up, from 0.
    public let index: Int
    /// What the layer's tar must be; nil for the changes of a container, which are no layer yet.
    public let diffID: Digest?
    /// nil where no manifest says it.
    public let descriptor: ContentDescriptor?
    /// The line of the history that made it; nil where the history is missing or too short.
    public let history: ImageConfig.History?
    /// What the layer's file is called in an archive; empty elsewhere.
    public let archiveName: [UInt8]
    /// Bytes of the blob as it lies there; 0 where that is not known before.
    public let size: Int64
    let content: LayerContent

    /// The instruction that made the layer, as the history has it.
    public var instruction: String? { history?.createdBy }
}

extension OpenedLayer {
    /// The steps that made layers, from the base up; nil where there are fewer.
    static func steps(_ config: ImageConfig, count: Int) -> [ImageConfig.History?] {
        let made = config.history.filter { !$0.emptyLayer }
        return (0..<count).map { $0 < made.count ? made[$0] : nil }
    }
}
