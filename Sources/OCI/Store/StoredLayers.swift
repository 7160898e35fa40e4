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

    /// Unpacks a layer from its blob, unless it is there.
    ///
    /// - Parameter lease: holds the blob and the diff id.
    /// - Throws: ``StoreError``: what the blob is refused for, or what the file system says. Nothing is left.
    public func unpack(
        _ blob: ContentDescriptor, as diffID: Digest, _ lease: Lease, limits: LayerLimits = LayerLimits()
    ) throws(StoreError) {
        if hasLayer(diffID) { return }
        let file = try StoreError.wrapping { () throws(BlobError) in try blobs.open(blob.digest) }
        let place = joined(lease.directory, Array(diffID.hex.utf8))
        let unpacker = LayerUnpacker(limits: limits, digest: blob.digest, diffID: diffID, syncs: true)
        let layer = try StoreError.wrapping { () throws(LayerError) in try unpacker.unpack(file.fd, to: place) }
        try publish(place, diffID, size: layer.tarSize, blob)
    }

    /// Makes an upper the unpacked form of the layer that was built of it, by rename: nothing is copied. Where the layer is there
    /// already the upper is removed.
    ///
    /// - Parameter upper: on the store's file system; nobody writes to it any more.
    public func adopt(_ upper: [UInt8], as layer: BuiltLayer, _ lease: Lease) throws(StoreError) {
        try StoreError.naming("sync \(printable(String(decoding: upper, as: UTF8.self)))") { () throws(Errno) in
            let directory = try FD.workingDirectory.open(OCI.path(upper), [.readOnly, .directory, .noFollow])
            try check(cl_syncfs(directory.raw))
        }
        try publish(upper, layer.diffID, size: layer.tarSize, layer.descriptor)
    }

    private func publish(_ place: [UInt8], _ diffID: Digest, size: Int64, _ blob: ContentDescriptor) throws(StoreError)
    {
        try StoreError.naming("keep layer \(diffID)") { () throws(Errno) in
            do throws(Errno) {
                // RENAME_NOREPLACE: a layer that is there may be in use.
                try FD.workingDirectory.rename(OCI.path(place), to: root.fd, Self.layerName(diffID), flags: 1)
            } catch {
                guard error == .exists || error == .notEmpty else { throw error }
                try FD.workingDirectory.removeTree(OCI.path(place))
            }
            let layers = try root.fd.open("layers", [.readOnly, .directory])
            try check(cl_fsync(layers.raw))
        }
        try state.write("record layer \(diffID)") { db in
            try db.execute(sql: "INSERT OR IGNORE INTO layer VALUES (?, ?)", arguments: [diffID.description, size])
            try Self.record(blob, diffID, db)
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
