internal import CLinux
public import Linux
public import OCI

/// The containers of a store.
public struct ContainerStore: Sendable {
    public let store: Store

    public init(_ store: Store) { self.store = store }

    /// What is in a container's directory.
    public struct Directory: Sendable {
        public let path: [UInt8]

        public var upper: [UInt8] { part("upper") }
        public var work: [UInt8] { part("work") }
        /// Where the container's root is mounted while it runs, in a namespace of its own.
        public var merged: [UInt8] { part("merged") }
        /// ``MountPoints``
        public var mountPoints: [UInt8] { part("mountpoints") }
        /// What the runtime keeps.
        public var bundle: [UInt8] { part("bundle") }
        public var volumes: [UInt8] { part("volumes") }

        func part(_ name: String) -> [UInt8] { path + Array("/\(name)".utf8) }

        init(_ path: [UInt8]) { self.path = path }
    }

    public func directory(_ id: String) -> Directory { Directory(store.containerPath(id)) }

    /// All of them, the youngest first. One that is being made, or whose record a kill left out, is not among them.
    public func all() throws(ContainerError) -> [ContainerRecord] {
        let ids = try ContainerError.wrapping { () throws(StoreError) in try store.containers().map(\.id) }
        return ids.compactMap { try? read($0) }.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// The one of a name, or of the beginning of an id.
    ///
    /// - Throws: ``ContainerError``; `missing` where there is none, and where several begin so.
    public func find(_ text: String) throws(ContainerError) -> ContainerRecord {
        let all = try all()
        if let named = all.first(where: { $0.name == text || $0.id == text }) { return named }
        let found = text.isEmpty ? [] : all.filter { $0.id.hasPrefix(text) }
        guard let container = found.first else {
            throw ContainerError(.missing, "find container \(printable(text)): there is none")
        }
        guard found.count == 1 else {
            let ids = found.map { String($0.id.prefix(12)) }.joined(separator: ", ")
            throw ContainerError(.missing, "find container \(printable(text)): \(found.count) begin so: \(ids)")
        }
        return container
    }

    public func read(_ id: String) throws(ContainerError) -> ContainerRecord {
        let path = directory(id).part("config.json")
        let bytes = try ContainerError.naming("read container \(id)") { () throws(Errno) in
            try FD.workingDirectory.contents(of: path.cPath, atMost: 16 << 20)
        }
        var record = try ContainerError.wrapping { () throws(DocumentError) in try ContainerRecord(parsing: bytes) }
        // A commit was killed after the upper had become a layer, and before the record said so.
        if record.committed == nil, (try? FD.workingDirectory.status(directory(id).upper.cPath)) == nil {
            record.committed = try ContainerError.wrapping { () throws(StoreError) in
                try store.layer(ofContainer: id)
            }
        }
        return record
    }

    public func write(_ record: ContainerRecord) throws(ContainerError) {
        try ContainerError.naming("write container \(record.id)") { () throws(Errno) in
            let directory = try FD.workingDirectory.open(directory(record.id).path.cPath, [.readOnly, .directory])
            try directory.fd.replace("config.json", with: record.bytes, mode: 0o600)
        }
    }

    /// Whoever runs a container holds a lock in its directory, which the kernel drops however he ends.
    public func lock(_ id: String) throws(ContainerError) -> Descriptor {
        try ContainerError.naming("lock container \(id)") { () throws(Errno) in
            let path = directory(id).part("lock")
            let file = try FD.workingDirectory.open(path.cPath, [.readWrite, .create], mode: 0o600)
            try check(cl_flock_exclusive(file.raw))
            return file
        }
    }

    public func state(of record: ContainerRecord) -> ContainerState {
        if let code = record.exitCode { return .exited(code) }
        do throws(ContainerError) { _ = try lock(record.id) } catch { return .running }
        // Its runner was killed.
        return record.started == nil ? .created : .exited(137)
    }

    /// - Throws: ``ContainerError`` for one that runs, unless it is ended.
    public func remove(_ record: ContainerRecord) throws(ContainerError) {
        guard state(of: record) != .running else {
            throw ContainerError(.failed, "remove container \(record.name): it is running; rm -f ends it first")
        }
        try ContainerError.wrapping { () throws(StoreError) in try store.removeContainer(record.id) }
    }

    /// The directories of its image's layers from top to bottom, with the layer of mount points above them.
    public func lowers(of record: ContainerRecord) -> [[UInt8]] {
        var seen: Set<Digest> = []
        let layers = record.layers.reversed().filter { seen.insert($0).inserted }.map { store.layerPath($0) }
        return [directory(record.id).mountPoints] + layers
    }

    /// What it changed: its upper, or the layer that the upper became.
    public func upper(of record: ContainerRecord) -> [UInt8] {
        record.committed.map { store.layerPath($0) } ?? directory(record.id).upper
    }
}
