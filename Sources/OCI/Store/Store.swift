import CLinux
internal import Linux

/// The images of one user or machine: an OCI image layout that any tool reads as it is, with the unpacked layers and a database beside it
/// (DESIGN.md, "On disk"). Any number of processes share one.
///
/// What there is is whole: blobs and layers take their names when they are verified and on the disk, then `index.json`
/// changes, then the database. A kill at any instant leaves files that nothing refers to, which ``prune(danglingImages:)`` removes.
///
/// Whoever brings content holds a ``Lease`` on it first, and looks whether it is there afterwards: so no prune
/// takes it away before something refers to it. Order of locks: the database's transaction, then nothing.
public final class Store: Sendable {
    /// As bytes, without a slash at the end.
    public let path: [UInt8]
    /// Content by digest. Hold a ``Lease`` on what is added.
    public let blobs: BlobDirectory
    let root: Descriptor
    let state: StateDatabase

    static let directories = ["layers", "containers", "cache", "leases", "ingest"]

    /// Opens the store in a directory, made where it is missing.
    ///
    /// - Throws: ``StoreError``.
    public init(at path: [UInt8]) throws(StoreError) {
        guard let text = String(validating: path, as: UTF8.self), !path.isEmpty else {
            throw StoreError(
                .failed, "open store \(printable(String(decoding: path, as: UTF8.self))): SQLite needs a path in UTF-8")
        }
        let root = try Self.openRoot(path, text)
        for name in Self.directories {
            try StoreError.naming("make \(text)/\(name)") { () throws(Errno) in
                let result = cl_mkdirat(root.raw, name, 0o755)
                if result != -17 { try check(result) }
            }
        }
        let again = try StoreError.naming("open store \(text)") { () throws(Errno) in
            try FD.workingDirectory.open(OCI.path(path), [.readOnly, .directory])
        }
        do throws(BlobError) { blobs = try BlobDirectory(again) } catch { throw StoreError(.failed, error.description) }
        state = try StateDatabase("\(text)/state.db")
        self.path = path
        self.root = root
        try completeLayout()
    }

    private static func openRoot(_ path: [UInt8], _ text: String) throws(StoreError) -> Descriptor {
        var made: [UInt8] = path.first == UInt8(ascii: "/") ? [UInt8(ascii: "/")] : []
        for component in path.split(separator: UInt8(ascii: "/")) {
            made += component
            // What others may see of images is their business: the store is its user's.
            let result = cl_mkdirat(-100, OCI.path(made), 0o700)
            if result < 0, result != -17 { throw StoreError("make \(printable(text))", Errno(0 &- result)) }
            made.append(UInt8(ascii: "/"))
        }
        return try StoreError.naming("open store \(printable(text))") { () throws(Errno) in
            try FD.workingDirectory.open(OCI.path(path), [.readOnly, .directory])
        }
    }

    /// `oci-layout` and `index.json`, where they are missing or a kill came between them and the database.
    private func completeLayout() throws(StoreError) {
        let wanted = try state.read("open store") { try Self.index($0).bytes }
        if wanted == currentIndex(), hasMarker { return }
        // It may also be another process, about to end its transaction: looked at again in one of our own. Files of the store's root are
        // written in no other way, so that a prune can tell what a kill left there.
        try state.write("complete store") { db in
            if !self.hasMarker {
                try StoreError.naming("write oci-layout") { () throws(Errno) in
                    try self.root.fd.replace("oci-layout", with: LayoutIndex.marker, mode: 0o644)
                }
            }
            let wanted = try Self.index(db).bytes
            if wanted != self.currentIndex() { try self.writeIndex(wanted) }
        }
    }

    private var hasMarker: Bool { (try? root.fd.status("oci-layout"))?.isRegular == true }

    func currentIndex() -> [UInt8]? { try? root.fd.contents(of: "index.json", atMost: 1 << 30) }

    func writeIndex(_ bytes: [UInt8]) throws(StoreError) {
        try StoreError.naming("write index.json") { () throws(Errno) in
            try root.fd.replace("index.json", with: bytes, mode: 0o644)
        }
    }
}
