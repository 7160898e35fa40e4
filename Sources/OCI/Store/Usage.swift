internal import CLinux
internal import GRDB
internal import Linux

/// How much there is.
extension Store {
    public struct Usage: Equatable, Sendable {
        public var count = 0
        public var bytes: Int64 = 0
    }

    /// The blobs' files.
    public func blobUsage() throws(StoreError) -> Usage {
        var usage = Usage()
        for blob in try blobNames() {
            let name = OCI.path(Array(blob.directory.utf8) + [UInt8(ascii: "/")] + blob.name)
            guard let status = try? root.fd.status(name) else { continue }
            usage.count += 1
            usage.bytes = usage.bytes.addingReportingOverflow(Int64(clamping: status.size)).partialValue
        }
        return usage
    }

    /// The unpacked layers, with the sizes of their tars.
    public func layerUsage() throws(StoreError) -> Usage {
        let there = Set(try names(in: "layers").map { Self.text(ofLayer: $0) })
        let sizes = try state.read("list layers") { db in
            try Row.fetchAll(db, sql: "SELECT diffID, size FROM layer").map {
                ($0["diffID"] as String, $0["size"] as Int64)
            }
        }
        var usage = Usage(count: there.count)
        for (diffID, size) in sizes where there.contains(diffID) {
            usage.bytes = usage.bytes.addingReportingOverflow(size).partialValue
        }
        return usage
    }
}
