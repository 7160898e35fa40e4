import CLinux
internal import GRDB
import Glibc
internal import Linux

/// What a prune removed.
public struct PruneResult: Equatable, Sendable {
    /// Images, with the names that they had.
    public var removed: [Store.Entry] = []
    public var blobs = 0
    public var layers = 0
    /// Of the blobs.
    public var bytes: Int64 = 0
    /// Of the layers, as tars.
    public var layerBytes: Int64 = 0

    public var images: Int { removed.count }
}

/// Which images a prune removes before it looks for what nothing refers to.
public enum PrunedImages: Sendable {
    case none
    /// Those without a name.
    case dangling
    /// Those that no container is made of.
    case unused
}

extension Store {
    /// Removes what nothing refers to: no image, container or live lease. Safe beside any other process: those that bring content hold leases
    /// on it, and nobody takes one while this runs.
    ///
    /// - Parameter danglingImages: images without a name go first, but for those of containers.
    /// - Throws: ``StoreError``; an image whose documents cannot be read stops it before anything is removed.
    public func prune(danglingImages: Bool = false) throws(StoreError) -> PruneResult {
        try prune(danglingImages ? .dangling : .none) { _ in true }
    }

    /// Removes images, and then what nothing refers to.
    ///
    /// - Parameters:
    ///   - images: those of containers and of live leases stay in any case.
    ///   - isChosen: called within a transaction: it reads the store and changes nothing.
    /// - Throws: ``StoreError``; an image whose documents cannot be read stops it before any content is removed.
    public func prune(_ images: PrunedImages, where isChosen: (Entry) -> Bool) throws(StoreError) -> PruneResult {
        var result = PruneResult()
        // Committed before anything is removed: a kill then leaves content that nothing refers to, not the reverse.
        result.removed = try state.write("prune") { db in
            try self.endDeadLeases(db)
            try self.removeHalfContainers(db)
            let removed = try self.removeImages(images, db, where: isChosen)
            let index = try Self.index(db).bytes
            if index != self.currentIndex() { try self.writeIndex(index) }
            return removed
        }
        try state.write("prune") { db in
            let used = try self.used(db)
            for blob in try self.blobNames() where !used.contains(blob.text) { try self.remove(blob, &result) }
            for layer in try self.names(in: "layers") where !used.contains(Self.text(ofLayer: layer)) {
                try self.removeLayer(layer, &result, db)
            }
            try self.forgetRemoved(db)
            // What a kill left of `index.json`: its only writer is who has the transaction.
            for name in try self.names(in: ".") where name.first == UInt8(ascii: ".") && name.ends(".partial") {
                try? self.root.fd.unlink(OCI.path(name))
            }
        }
        return result
    }

    private func removeImages(
        _ images: PrunedImages, _ db: Database, where isChosen: (Entry) -> Bool
    ) throws -> [Entry] {
        if case .none = images { return [] }
        let sql = "SELECT image FROM container UNION SELECT digest FROM lease"
        let used = Set(try String.fetchAll(db, sql: sql))
        var removed: [Entry] = []
        for entry in try Self.entries(db) where !used.contains(entry.image.digest.description) {
            if case .dangling = images, !entry.names.isEmpty { continue }
            guard isChosen(entry) else { continue }
            try db.execute(
                sql: "DELETE FROM image WHERE digest = ?", arguments: [entry.image.digest.description])
            removed.append(entry)
        }
        return removed
    }

    /// Everything that images, containers and leases need, as digests.
    private func used(_ db: Database) throws -> Set<String> {
        let held = """
            SELECT digest FROM lease UNION SELECT diffID FROM containerLayer
                UNION SELECT diffID FROM buildCache UNION SELECT blob FROM buildCache
            """
        var used = Set(try String.fetchAll(db, sql: held))
        for image in try Row.fetchAll(db, sql: "SELECT * FROM image").map(Self.descriptor) {
            let content = try content(of: image)
            used.formUnion(content.blobs.map(\.digest.description))
            used.formUnion(content.diffIDs.map(\.description))
        }
        return used
    }

    /// The files of `blobs`, with the digests that their names say.
    func blobNames() throws(StoreError) -> [(directory: String, name: [UInt8], text: String)] {
        var result: [(directory: String, name: [UInt8], text: String)] = []
        for algorithm in Digest.Algorithm.allCases {
            let directory = "blobs/\(algorithm.rawValue)"
            guard (try? root.fd.status(directory)) != nil else { continue }
            for name in try names(in: directory) {
                result.append((directory, name, "\(algorithm.rawValue):\(String(decoding: name, as: UTF8.self))"))
            }
        }
        return result
    }

    /// The diff id of a layer's directory, by how many digits it has.
    static func text(ofLayer name: [UInt8]) -> String {
        let algorithm = Digest.Algorithm.allCases.first { $0.digits == name.count }
        return "\(algorithm?.rawValue ?? ""):\(String(decoding: name, as: UTF8.self))"
    }

    private func remove(
        _ blob: (directory: String, name: [UInt8], text: String), _ result: inout PruneResult
    ) throws(StoreError) {
        let name = OCI.path(Array(blob.directory.utf8) + [UInt8(ascii: "/")] + blob.name)
        try StoreError.naming("remove blob \(printable(blob.text))") { () throws(Errno) in
            let status = try root.fd.status(name)
            // Where files without a name cannot be had, it may be what a writer is at.
            if blob.name.first == UInt8(ascii: "."), status.mtime_s > Int64(time(nil)) - 86400 { return }
            try root.fd.removeTree(name)
            result.bytes += Int64(clamping: status.size)
            result.blobs += 1
        }
    }

    /// Renamed away first, so that no half of a layer has its name.
    private func removeLayer(_ name: [UInt8], _ result: inout PruneResult, _ db: Database) throws {
        let size = try Int64.fetchOne(
            db, sql: "SELECT size FROM layer WHERE diffID = ?", arguments: [Self.text(ofLayer: name)])
        try StoreError.naming("remove layer \(printable(String(decoding: name, as: UTF8.self)))") { () throws(Errno) in
            let trash = "ingest/removed-\(UInt64.random(in: 0 ... .max))"
            try root.fd.rename(OCI.path("layers/".utf8 + name), to: root.fd, trash)
            try root.fd.removeTree(trash)
        }
        result.layers += 1
        result.layerBytes += size ?? 0
    }

    /// Sizes and blobs of what is no longer there.
    private func forgetRemoved(_ db: Database) throws {
        for text in try String.fetchAll(db, sql: "SELECT digest FROM layerBlob") {
            if let digest = try? Digest(text), try size(of: digest) != nil { continue }
            try db.execute(sql: "DELETE FROM layerBlob WHERE digest = ?", arguments: [text])
        }
        for text in try String.fetchAll(db, sql: "SELECT diffID FROM layer") {
            if let diffID = try? Digest(text), hasLayer(diffID) { continue }
            try db.execute(sql: "DELETE FROM layer WHERE diffID = ?", arguments: [text])
        }
    }
}

extension [UInt8] {
    fileprivate func ends(_ suffix: String) -> Bool { self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
}
