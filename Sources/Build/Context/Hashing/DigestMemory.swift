import GRDB
import Linux
import OCI

/// The database of ``FileDigests``: `cache/files.db` in a store, shared by any number of processes.
///
/// It is an aid and never a reason to fail: what cannot be read is calculated again, what cannot be written is not
/// remembered. A damaged file is replaced.
public final class DigestMemory: Sendable {
    private let queue: DatabaseQueue
    private let limit: Int

    /// Raised when rows mean something else; older ones are dropped.
    private static let version = 1

    /// - Parameters:
    ///   - path: of the file; its directory must exist.
    ///   - limit: of files. When there are more, those that were read longest ago go.
    /// - Returns: nil when there can be no such file.
    public init?(_ path: String, limit: Int = 1_000_000) {
        guard let queue = Self.open(path) ?? Self.openAnew(path) else { return nil }
        self.queue = queue
        self.limit = limit
    }

    private static func open(_ path: String) -> DatabaseQueue? {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        do {
            try queue.write { db in
                let found = try Int.fetchOne(db, sql: "PRAGMA user_version")
                if found == version { return }
                try db.execute(
                    sql: """
                        DROP TABLE IF EXISTS file;
                        CREATE TABLE file (
                            device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
                            modified INTEGER NOT NULL, changed INTEGER NOT NULL, mode INTEGER NOT NULL,
                            digest TEXT NOT NULL, seen INTEGER NOT NULL,
                            PRIMARY KEY (device, inode)) STRICT, WITHOUT ROWID;
                        CREATE INDEX fileSeen ON file (seen);
                        PRAGMA user_version = \(version);
                        """)
            }
        } catch {
            return nil
        }
        return queue
    }

    /// In place of what SQLite cannot use.
    private static func openAnew(_ path: String) -> DatabaseQueue? {
        for suffix in ["", "-wal", "-shm"] { try? FD.workingDirectory.unlink(path + suffix) }
        return open(path)
    }

    /// The digests of files that are remembered, in the same order.
    func recall(_ files: [FileStatus]) -> [Digest?] {
        let none = [Digest?](repeating: nil, count: files.count)
        return
            (try? queue.read { db in
                let statement = try db.cachedStatement(
                    sql: """
                        SELECT digest FROM file
                        WHERE device = ? AND inode = ? AND size = ? AND modified = ? AND changed = ? AND mode = ?
                        """)
                return try files.map { file in
                    try String.fetchOne(statement, arguments: StatementArguments(Self.values(file)))
                        .flatMap { try? Digest($0) }
                }
            }) ?? none
    }

    func remember(_ files: [(status: FileStatus, digest: Digest)]) {
        if files.isEmpty { return }
        try? queue.write { db in
            let seen = (try Int.fetchOne(db, sql: "SELECT max(seen) FROM file") ?? 0) &+ 1
            let statement = try db.cachedStatement(
                sql: "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            for file in files {
                let values = StatementArguments(Self.values(file.status))
                try statement.execute(arguments: values + [file.digest.description, seen])
            }
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM file") ?? 0
            guard count > limit else { return }
            // A tenth more, so that this is rare.
            try db.execute(
                sql: """
                    DELETE FROM file WHERE (device, inode) IN (
                        SELECT device, inode FROM file ORDER BY seen LIMIT ?)
                    """, arguments: [count - limit + limit / 10])
        }
    }

    private static func values(_ file: FileStatus) -> [Int64] {
        [
            Int64(bitPattern: file.device), Int64(bitPattern: file.inode), file.size, nanoseconds(file.modified),
            nanoseconds(file.changed), Int64(file.mode),
        ]
    }

    /// Since 1970; times that are centuries apart may meet.
    private static func nanoseconds(_ time: Timestamp) -> Int64 { time.seconds &* 1_000_000_000 &+ time.nanoseconds }
}
