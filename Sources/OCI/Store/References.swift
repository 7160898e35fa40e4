internal import GRDB

/// Which images there are, and what they are called.
extension Store {
    /// An image of the store, with its names in order; none for one that lost them all.
    public struct Entry: Equatable, Sendable {
        public let image: ContentDescriptor
        public let names: [Reference]
    }

    /// All images, named ones first, by their first name.
    public func images() throws(StoreError) -> [Entry] {
        try state.read("list images") { try Self.entries($0) }
    }

    /// The manifest or index of a name. A digest in the name decides; without tag and digest it is `latest`.
    public func image(named reference: Reference) throws(StoreError) -> ContentDescriptor? {
        try state.read("look up \(reference.familiar)") { db in
            if let digest = reference.digest {
                return try Row.fetchOne(
                    db, sql: "SELECT * FROM image WHERE digest = ?", arguments: [digest.description]
                )
                .map(Self.descriptor)
            }
            let sql = "SELECT image.* FROM reference JOIN image ON image.digest = reference.image WHERE name = ?"
            return try Row.fetchOne(db, sql: sql, arguments: [reference.tagged.description]).map(Self.descriptor)
        }
    }

    /// Records an image, all of whose content is there, and gives it a name, taken from whatever had it.
    ///
    /// - Parameter name: nil keeps the image without one.
    /// - Throws: ``StoreError``; `missing` names the blob that is not there: no name ever refers to half an image.
    public func record(_ image: ContentDescriptor, as name: Reference? = nil) throws(StoreError) {
        try change("record \(name?.familiar ?? image.digest.description)") { db in
            try self.checkComplete(image)
            try db.execute(
                sql: "INSERT OR IGNORE INTO image VALUES (?, ?, ?)",
                arguments: [image.digest.description, image.mediaType.rawValue, image.size])
            if let name {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO reference VALUES (?, ?)",
                    arguments: [name.tagged.description, image.digest.description])
            }
        }
    }

    /// Takes a name away. The image stays, perhaps without any.
    ///
    /// - Returns: whether there was such a name.
    @discardableResult
    public func unname(_ name: Reference) throws(StoreError) -> Bool {
        try change("untag \(name.familiar)") { db in
            try db.execute(sql: "DELETE FROM reference WHERE name = ?", arguments: [name.tagged.description])
            return db.changesCount > 0
        }
    }

    /// Forgets an image that has no name, unless a container is made of it.
    ///
    /// - Returns: whether it did.
    public func removeNameless(_ image: Digest) throws(StoreError) -> Bool {
        try change("remove image \(image)") { db in
            let sql = """
                DELETE FROM image WHERE digest = ? AND digest NOT IN (SELECT image FROM reference)
                    AND digest NOT IN (SELECT image FROM container)
                """
            try db.execute(sql: sql, arguments: [image.description])
            return db.changesCount > 0
        }
    }

    /// Forgets an image with all its names. Its content goes with the next prune.
    ///
    /// - Throws: ``StoreError`` where a container is made of it.
    public func remove(_ image: Digest) throws(StoreError) {
        try change("remove image \(image)") { db in
            let sql = "SELECT id FROM container WHERE image = ?"
            if let container = try String.fetchOne(db, sql: sql, arguments: [image.description]) {
                throw StoreError(.failed, "remove image \(image): container \(container) is made of it")
            }
            try db.execute(sql: "DELETE FROM image WHERE digest = ?", arguments: [image.description])
            if db.changesCount == 0 { throw StoreError(.missing, "remove image \(image): there is none") }
        }
    }

    /// One transaction that leaves `index.json` as the names are.
    private func change<Value>(_ action: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        try state.write(action) { db in
            let result = try body(db)
            let bytes = try Self.index(db).bytes
            if bytes != self.currentIndex() { try self.writeIndex(bytes) }
            return result
        }
    }

    /// Every image, once under each of its names (image-layout.md, "index.json file").
    static func index(_ db: Database) throws -> ImageIndex {
        var manifests: [ContentDescriptor] = []
        for entry in try entries(db) {
            if entry.names.isEmpty { manifests.append(entry.image) }
            for name in entry.names {
                var descriptor = entry.image
                descriptor.annotations = [
                    Annotation.referenceName: name.description, LayoutIndex.wholeName: name.description,
                ]
                manifests.append(descriptor)
            }
        }
        return ImageIndex(manifests: manifests)
    }

    static func entries(_ db: Database) throws -> [Entry] {
        var names: [String: [Reference]] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT name, image FROM reference ORDER BY name") {
            names[row["image"], default: []].append(try Reference(row["name"] as String))
        }
        let images = try Row.fetchAll(db, sql: "SELECT * FROM image ORDER BY digest").map(descriptor)
        let entries = images.map { Entry(image: $0, names: names[$0.digest.description] ?? []) }
        let named = entries.filter { !$0.names.isEmpty }
        return named.sorted { ($0.names.first?.description ?? "") < ($1.names.first?.description ?? "") }
            + entries.filter { $0.names.isEmpty }
    }

    static func descriptor(_ row: Row) throws -> ContentDescriptor {
        ContentDescriptor(
            mediaType: MediaType(rawValue: row["mediaType"]), digest: try Digest(row["digest"] as String),
            size: row["size"])
    }
}
