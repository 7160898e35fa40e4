import CLinux
internal import GRDB
internal import Linux

/// The unpacked layers: `layers/<diff id's digits>`, immutable. (The colon of a digest separates lowers in mount options.)
extension Store {
    public func layerPath(_ diffID: Digest) -> [UInt8] { joined(path, Array(Self.layerName(diffID).utf8)) }

    static func layerName(_ diffID: Digest) -> String { "layers/\(diffID.hex)" }

    /// Whether the layer is unpacked; whole, if it is.
    public func hasLayer(_ diffID: Digest) -> Bool {
        (try? root.fd.status(Self.layerName(diffID)))?.isDirectory == true
    }

    /// A directory that is complete and verified, and not yet a layer of the store.
    struct LooseLayer: Sendable {
        let place: [UInt8]
        let diffID: Digest
        /// Of the tar.
        let size: Int64
        let blob: ContentDescriptor
    }

    /// Unpacks a layer from its blob, unless it is there. For several at once there is ``LayerUnpacking``.
    ///
    /// - Parameter lease: holds the blob and the diff id.
    /// - Throws: ``StoreError``: what the blob is refused for, or what the file system says. Nothing is left.
    public func unpack(
        _ blob: ContentDescriptor, as diffID: Digest, _ lease: Lease, limits: LayerLimits = LayerLimits()
    ) throws(StoreError) {
        if hasLayer(diffID) { return }
        try publish([try extract(blob, as: diffID, lease, limits) { _ in }])
    }

    /// Unpacks a layer into the directory of a lease.
    func extract(
        _ blob: ContentDescriptor, as diffID: Digest, _ lease: Lease, _ limits: LayerLimits,
        _ observer: @escaping @Sendable (Int64) -> Void
    ) throws(StoreError) -> LooseLayer {
        let file = try StoreError.wrapping { () throws(BlobError) in try blobs.open(blob.digest) }
        let place = joined(lease.directory, Array(diffID.hex.utf8))
        var unpacker = LayerUnpacker(limits: limits, digest: blob.digest, diffID: diffID, observer: observer)
        unpacker.isInterrupted = lease.isInterrupted
        let ready = unpacker
        let layer = try StoreError.wrapping { () throws(LayerError) in try ready.unpack(file.fd, to: place) }
        return LooseLayer(place: place, diffID: diffID, size: layer.tarSize, blob: blob)
    }

    /// Makes an upper the unpacked form of the layer that was built of it, by rename: nothing is copied. Where the layer is there
    /// already the upper is removed.
    ///
    /// - Parameter upper: on the store's file system; nobody writes to it any more.
    public func adopt(_ upper: [UInt8], as layer: BuiltLayer, _ lease: Lease) throws(StoreError) {
        try publish([LooseLayer(place: upper, diffID: layer.diffID, size: layer.tarSize, blob: layer.descriptor)])
    }

    /// Makes directories the store's layers, all of them on the disk first.
    func publish(_ loose: [LooseLayer]) throws(StoreError) {
        if loose.isEmpty { return }
        try StoreError.naming("sync \(printable(String(decoding: path, as: UTF8.self)))") { () throws(Errno) in
            try check(cl_syncfs(root.raw))
        }
        for layer in loose {
            try StoreError.naming("keep layer \(layer.diffID)") { () throws(Errno) in
                do throws(Errno) {
                    // RENAME_NOREPLACE: a layer that is there may be in use.
                    try FD.workingDirectory.rename(
                        OCI.path(layer.place), to: root.fd, Self.layerName(layer.diffID), flags: 1)
                } catch {
                    guard error == .exists || error == .notEmpty else { throw error }
                    // Away at once: whoever it was is not half of it after a kill.
                    let trash = "ingest/removed-\(UInt64.random(in: 0 ... .max))"
                    try FD.workingDirectory.rename(OCI.path(layer.place), to: root.fd, trash)
                    try? root.fd.removeTree(trash)
                }
            }
        }
        try StoreError.naming("sync layers") { () throws(Errno) in
            let layers = try root.fd.open("layers", [.readOnly, .directory])
            try check(cl_fsync(layers.raw))
        }
        try state.write("record layers") { db in
            for layer in loose {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO layer VALUES (?, ?)",
                    arguments: [layer.diffID.description, layer.size])
                try Self.record(layer.blob, layer.diffID, db)
            }
        }
    }

    /// Remembers which blob is which tar: it need not be compressed or pulled again.
    public func record(_ blob: ContentDescriptor, of diffID: Digest) throws(StoreError) {
        try state.write("record blob \(blob.digest)") { try Self.record(blob, diffID, $0) }
    }

    private static func record(_ blob: ContentDescriptor, _ diffID: Digest, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO layerBlob VALUES (?, ?, ?, ?)",
            arguments: [blob.digest.description, diffID.description, blob.mediaType.rawValue, blob.size])
    }

    /// A blob of the store that is this tar, in any compression.
    public func blob(of diffID: Digest) throws(StoreError) -> ContentDescriptor? {
        let known = try state.read("look up layer \(diffID)") { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM layerBlob WHERE diffID = ? ORDER BY size", arguments: [diffID.description]
            ).map(Self.descriptor)
        }
        for blob in known where try size(of: blob.digest) == blob.size { return blob }
        return nil
    }

    /// Bytes of the layer's tar; nil for a layer that is not unpacked.
    public func layerSize(_ diffID: Digest) throws(StoreError) -> Int64? {
        try state.read("look up layer \(diffID)") {
            try Int64.fetchOne($0, sql: "SELECT size FROM layer WHERE diffID = ?", arguments: [diffID.description])
        }
    }
}
