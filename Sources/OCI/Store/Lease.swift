import CLinux
internal import GRDB
internal import Linux

/// Keeps content from being pruned while somebody brings it together, and a directory for what is not complete.
///
/// It lives as long as the object, or the process: the kernel drops the lock on its file whichever way the process ends.
public final class Lease: Sendable {
    let store: Store
    let id: String
    private let file: Descriptor
    private let isInherited = Locked(false)
    private let isEnded = Locked(false)
    private let interruption = Locked<(@Sendable () -> Bool)?>(nil)

    /// Asked while layers are unpacked under the lease; true ends that with an error.
    public var isInterrupted: (@Sendable () -> Bool)? {
        get { interruption.withLock { $0 } }
        set { interruption.withLock { $0 = newValue } }
    }

    fileprivate init(_ store: Store, id: String, file: consuming Descriptor) {
        self.store = store
        self.id = id
        self.file = file
    }

    deinit { end() }

    /// Gives up what is held, now: where a process ends before every thread has let go of the lease.
    public func end() {
        let isOver = isEnded.withLock { isEnded in
            defer { isEnded = true }
            return isEnded
        }
        if isOver || isInherited.withLock({ $0 }) { return }
        try? store.state.write("end a lease") {
            try $0.execute(sql: "DELETE FROM lease WHERE id = ?", arguments: [self.id])
        }
        try? store.root.fd.removeTree("ingest/\(id)")
        try? store.root.fd.unlink("leases/\(id)")
    }

    /// From now on these blobs and layers stay, whether they are there or still to come.
    public func hold(_ digests: [Digest]) throws(StoreError) {
        try store.state.write("hold content") { db in
            for digest in digests {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO lease VALUES (?, ?)", arguments: [self.id, digest.description])
            }
        }
    }

    /// The lease goes on with the processes that are started from here on, and ends with the last of them.
    public func inherit() {
        isInherited.withLock { $0 = true }
        _ = cl_set_cloexec(file.raw, 0)
    }

    /// A directory on the store's file system that goes with the lease.
    public var directory: [UInt8] { joined(store.path, Array("ingest/\(id)".utf8)) }
}

extension Store {
    public func lease() throws(StoreError) -> Lease {
        try StoreError.naming("take a lease") { () throws(Errno) in
            while true {
                let id = String(UInt64.random(in: 0 ... .max), radix: 36)
                let file: Descriptor
                do throws(Errno) {
                    file = try root.fd.open("leases/\(id)", [.readWrite, .create, .exclusive], mode: 0o600)
                } catch {
                    if error == .exists { continue }
                    throw error
                }
                // A prune may have taken it for one whose owner is gone, before it was locked.
                if cl_flock_exclusive(file.raw) < 0 { continue }
                if try file.fd.status().nlink == 0 { continue }
                try root.fd.makeDirectory("ingest/\(id)", mode: 0o700)
                return Lease(self, id: id, file: file)
            }
        }
    }

    /// Forgets the leases of processes that are gone, with what they left. Within a transaction.
    func endDeadLeases(_ db: Database) throws {
        // Listed before the leases: each directory is younger than its lease.
        let directories = try names(in: "ingest")
        var live: Set<[UInt8]> = []
        for name in try names(in: "leases") {
            let text = String(decoding: name, as: UTF8.self)
            guard let file = try? root.fd.open("leases/\(text)", [.readWrite, .noFollow]) else { continue }
            if cl_flock_exclusive(file.raw) < 0 {
                live.insert(name)
                continue
            }
            try? root.fd.unlink("leases/\(text)")
        }
        for id in try String.fetchAll(db, sql: "SELECT DISTINCT id FROM lease") where !live.contains(Array(id.utf8)) {
            try db.execute(sql: "DELETE FROM lease WHERE id = ?", arguments: [id])
        }
        for name in directories where !live.contains(name) {
            if PartialBlob.isPartial(name) {
                PartialBlob.remove(name, in: root.fd)
                continue
            }
            try? root.fd.removeTree("ingest/\(String(decoding: name, as: UTF8.self))")
        }
    }

    /// The names in one of the store's directories, in the order of their bytes.
    func names(in directory: String) throws(StoreError) -> [[UInt8]] {
        try StoreError.naming("list \(directory)") { () throws(Errno) in
            let opened = try root.fd.open(directory, [.readOnly, .directory, .noFollow])
            return try LayerDirectory(opened, layer: 0).names()
        }
    }
}
