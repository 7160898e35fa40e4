internal import GRDB
internal import Linux

/// Checks every invariant of a store.
public struct Validator: Sendable {
    /// Something that is not as it should be; one line.
    public struct Problem: Equatable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private let store: Store
    /// Reads every blob and compares its digest.
    public var readsContent: Bool

    public init(_ store: Store, readsContent: Bool = true) {
        self.store = store
        self.readsContent = readsContent
    }

    /// Content that nothing refers to is no problem; anything that is not whole is.
    ///
    /// - Throws: ``StoreError`` when the store cannot be read at all.
    public func problems() throws(StoreError) -> [Problem] {
        // One transaction: nothing changes between one look and the next.
        let found = try store.state.write("verify store") { db in
            try self.layout(db) + self.images(db) + self.layers() + self.blobs() + self.database(db)
        }
        return found.map { Problem(description: $0) }
    }

    private func layout(_ db: Database) throws -> [String] {
        var found: [String] = []
        let root = store.root.fd
        if (try? root.status("oci-layout"))?.isRegular != true { found.append("oci-layout is missing") }
        if store.currentIndex() != (try Store.index(db).bytes) {
            found.append("index.json is not what the database says")
        }
        for name in Store.directories + ["blobs"] where (try? root.status(name))?.isDirectory != true {
            found.append("\(name) is no directory")
        }
        return found
    }

    private func images(_ db: Database) throws -> [String] {
        var found: [String] = []
        for image in try Row.fetchAll(db, sql: "SELECT * FROM image").map(Store.descriptor) {
            do throws(StoreError) { try store.checkComplete(image) } catch {
                found.append("image \(image.digest): \(error)")
            }
        }
        return found
    }

    private func layers() throws -> [String] {
        var found: [String] = []
        for name in try store.names(in: "layers") {
            let text = Store.text(ofLayer: name)
            guard let digest = try? Digest(text) else {
                found.append("layers/\(printable(String(decoding: name, as: UTF8.self))) is no diff id")
                continue
            }
            if !store.hasLayer(digest) { found.append("layer \(digest) is no directory") }
        }
        return found
    }

    private func blobs() throws -> [String] {
        var found: [String] = []
        for blob in try store.blobNames() {
            guard let digest = try? Digest(blob.text) else {
                // Where files without a name cannot be had, a writer's.
                if !blob.name.starts(with: [UInt8(ascii: ".")]) { found.append("\(printable(blob.text)) is no blob") }
                continue
            }
            guard readsContent else { continue }
            do throws(StoreError) {
                let actual = try self.digest(of: digest)
                if actual != digest { found.append("blob \(digest) is damaged: its content is \(actual)") }
            } catch {
                found.append(error.description)
            }
        }
        return found
    }

    private func digest(of blob: Digest) throws(StoreError) -> Digest {
        let file = try StoreError.wrapping { () throws(BlobError) in try store.blobs.open(blob) }
        var digester = try StoreError.wrapping(.failed) { () throws(DigestError) in try Digester(blob.algorithm) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try StoreError.naming("read blob \(blob)") { () throws(Errno) in try file.fd.read(into: buffer)
            }
            if count == 0 { break }
            digester.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        do throws(DigestError) { return try digester.finish() } catch { throw StoreError(.failed, error.description) }
    }

    /// SQLite's own check, and rows that refer to nothing.
    private func database(_ db: Database) throws -> [String] {
        var found = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }.map {
            "state.db: \($0)"
        }
        if try !Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty {
            found.append("state.db: a row refers to nothing")
        }
        return found
    }
}
