import CLinux
internal import GRDB
import Glibc

/// `state.db`: what the files do not say themselves. Every change is one transaction, which also is the lock between processes for
/// whatever changes with it.
struct StateDatabase: Sendable {
    private let queue: DatabaseQueue

    /// Raised with each change of the schema.
    private static let version = 3

    /// - Parameter path: of the file, which is made where it is missing.
    init(_ path: String) throws(StoreError) {
        var configuration = Configuration()
        configuration.journalMode = .wal
        // Another process's transaction takes milliseconds, but for a prune of many layers.
        configuration.busyMode = .timeout(120)
        configuration.foreignKeysEnabled = true
        queue = try Self.patiently("open \(printable(path))") { _ in
            try DatabaseQueue(path: path, configuration: configuration)
        }
        let found = try read("open state.db") { try Int.fetchOne($0, sql: "PRAGMA user_version") } ?? 0
        guard found <= Self.version else {
            throw StoreError(.failed, "open \(printable(path)): made by a newer Shale (version \(found))")
        }
        if found < Self.version { try write("set up state.db", Self.create) }
    }

    private static func create(_ db: Database) throws {
        // Another process may have been faster.
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if found < 1 { try createFirst(db) }
        if found < 2 {
            // Layers that uppers of containers became.
            try db.execute(
                sql: """
                    CREATE TABLE containerLayer (
                        container TEXT NOT NULL REFERENCES container ON DELETE CASCADE, diffID TEXT NOT NULL) STRICT
                    """)
        }
        if found < 3 {
            try db.execute(
                sql: """
                    CREATE TABLE buildCache (
                        key TEXT PRIMARY KEY, place TEXT NOT NULL, parts TEXT NOT NULL, diffID TEXT NOT NULL,
                        blob TEXT NOT NULL, mediaType TEXT NOT NULL, size INTEGER NOT NULL, created TEXT NOT NULL,
                        used INTEGER NOT NULL) STRICT;
                    CREATE INDEX buildCachePlace ON buildCache (place, used);
                    """)
        }
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    private static func createFirst(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE image (digest TEXT PRIMARY KEY, mediaType TEXT NOT NULL, size INTEGER NOT NULL) STRICT;
                CREATE TABLE reference (
                    name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES image ON DELETE CASCADE) STRICT;
                CREATE TABLE layer (diffID TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT;
                CREATE TABLE layerBlob (
                    digest TEXT PRIMARY KEY, diffID TEXT NOT NULL, mediaType TEXT NOT NULL, size INTEGER NOT NULL) STRICT;
                CREATE TABLE container (id TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES image) STRICT;
                CREATE TABLE lease (id TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (id, digest)) STRICT;
                """)
    }

    func read<Value>(_ action: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        try Self.patiently(action) { begun in
            try queue.read { db in
                begun = true
                return try body(db)
            }
        }
    }

    /// One transaction, begun at once: no other process changes anything until it ends, and none of it is there when it fails.
    func write<Value>(_ action: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        try Self.patiently(action) { begun in
            try queue.write { db in
                begun = true
                return try body(db)
            }
        }
    }

    /// SQLite does not wait by itself for a process that turns the write-ahead log on, recovers it, or removes it as the
    /// last one to leave (<https://www.sqlite.org/wal.html>, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"). What has
    /// begun is not done twice.
    private static func patiently<Value>(
        _ action: String, _ body: (_ begun: inout Bool) throws -> Value
    ) throws(StoreError) -> Value {
        var begun = false
        let deadline = cl_monotonic_time() + 30_000_000_000
        while true {
            do { return try body(&begun) } catch {
                if !begun, cl_monotonic_time() < deadline, (error as? DatabaseError)?.resultCode == .SQLITE_BUSY {
                    usleep(10_000)
                    continue
                }
                throw error as? StoreError ?? StoreError(.failed, "\(action): \(cause(error))")
            }
        }
    }

    private static func cause(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return printable("\(error)") }
        return printable(error.message ?? "SQLite says \(error.resultCode.rawValue)")
    }
}
