import CLinux
internal import GRDB
internal import Linux

/// Containers as far as the store knows them: a directory each, and what must stay for their sake.
extension Store {
    /// As bytes, without a slash at the end.
    public func containerPath(_ id: String) -> [UInt8] { joined(path, Array("containers/\(id)".utf8)) }

    /// Makes a container of an image, which keeps the image, with an empty directory.
    public func recordContainer(_ id: String, of image: Digest) throws(StoreError) {
        try state.write("record container \(id)") { db in
            try db.execute(sql: "INSERT INTO container VALUES (?, ?)", arguments: [id, image.description])
            // Within the transaction: a prune sees both or neither.
            try StoreError.naming("make container \(id)") { () throws(Errno) in
                try self.root.fd.makeDirectory("containers/\(id)", mode: 0o700)
            }
        }
    }

    /// Its upper became a layer, which stays as long as the container.
    public func recordLayer(_ diffID: Digest, ofContainer id: String) throws(StoreError) {
        try state.write("record container \(id)") {
            try $0.execute(sql: "INSERT INTO containerLayer VALUES (?, ?)", arguments: [id, diffID.description])
        }
    }

    /// The layer that its upper was to become, or became.
    public func layer(ofContainer id: String) throws(StoreError) -> Digest? {
        try state.read("look up container \(id)") { db in
            try String.fetchOne(db, sql: "SELECT diffID FROM containerLayer WHERE container = ?", arguments: [id])
                .map { try Digest($0) }
        }
    }

    /// Removes a container with its directory.
    public func removeContainer(_ id: String) throws(StoreError) {
        let trash = "ingest/removed-\(UInt64.random(in: 0 ... .max))"
        try state.write("remove container \(id)") { db in
            try db.execute(sql: "DELETE FROM container WHERE id = ?", arguments: [id])
            // Away at once: nothing finds half of it.
            try? self.root.fd.rename("containers/\(id)", to: self.root.fd, trash)
        }
        // A prune may be at it at the same time: what counts is that it is gone.
        for _ in 0..<8 {
            guard (try? root.fd.status(trash)) != nil else { return }
            try? root.fd.removeTree(trash)
        }
        try StoreError.naming("remove container \(id)") { () throws(Errno) in
            do throws(Errno) { try root.fd.removeTree(trash) } catch { if error != .noEntry { throw error } }
        }
    }

    public func containers() throws(StoreError) -> [(id: String, image: Digest)] {
        try state.read("list containers") { db in
            try Row.fetchAll(db, sql: "SELECT * FROM container ORDER BY id").map {
                ($0["id"], try Digest($0["image"] as String))
            }
        }
    }

    /// What a kill left: rows without a directory, directories without a row. Within a transaction.
    func removeHalfContainers(_ db: Database) throws {
        var known: Set<String> = []
        for id in try String.fetchAll(db, sql: "SELECT id FROM container") {
            if (try? root.fd.status("containers/\(id)")) != nil {
                known.insert(id)
            } else {
                try db.execute(sql: "DELETE FROM container WHERE id = ?", arguments: [id])
            }
        }
        for name in try names(in: "containers") where !known.contains(String(decoding: name, as: UTF8.self)) {
            try? root.fd.removeTree(OCI.path("containers/".utf8 + name))
        }
    }
}
