public import GoTemplate
public import OCI

/// What there is in a store, for `shale info`.
public struct StoreInformation: Sendable {
    public let root: String
    public let images: Int
    public let names: Int
    public let containers: Int
    public let blobs: Store.Usage
    /// Unpacked layers; their bytes are those of their tars.
    public let layers: Store.Usage
    /// Entries, and the bytes of their blobs.
    public let buildCache: Store.Usage
    public let mounts: [OwnMount]

    /// - Throws: ``StoreError`` when the store cannot be read.
    public init(_ store: Store) throws(StoreError) {
        root = String(decoding: store.path, as: UTF8.self)
        let entries = try store.images()
        images = entries.count
        names = entries.reduce(0) { $0 + $1.names.count }
        containers = try store.containers().count
        blobs = try store.blobUsage()
        layers = try store.layerUsage()
        buildCache = try store.cacheUsage()
        mounts = OwnMount.all()
    }

    /// For templates and JSON.
    ///
    /// - Parameter machine: what is said of the machine besides.
    public func document(_ machine: [Value.Field]) -> Value {
        .object(
            machine + [
                .init("DockerRootDir", .string(root)), .init("Driver", .string("shale")),
                .init("Images", .integer(Int64(images))), .init("Names", .integer(Int64(names))),
                .init("Containers", .integer(Int64(containers))), .init("Blobs", Self.usage(blobs)),
                .init("Layers", Self.usage(layers)), .init("BuildCache", Self.usage(buildCache)),
                .init("Mounts", .list(.init(mounts.map(\.value)))),
            ])
    }

    private static func usage(_ usage: Store.Usage) -> Value {
        .object([.init("Count", .integer(Int64(usage.count))), .init("Size", .integer(usage.bytes))])
    }
}
