public import CLinux
import Glibc
public import Linux
public import Union

/// A union in this process, by paths: for tests, which read better that way than on nodes and names.
public struct Tree: Sendable {
    public let union: Union

    public init(_ union: Union) { self.union = union }

    private func resolve(_ path: String) throws(Errno) -> NodeID {
        var node = union.rootNode
        for part in path.split(separator: "/") {
            let parent = node
            let found = try Self.named(part) { (name) throws(Errno) in try union.lookup(parent, name) }
            guard let found else { throw Errno.noEntry }
            node = found.node
        }
        return node
    }

    private static func named<Result>(_ text: Substring, _ body: (Name) throws(Errno) -> Result) throws(Errno) -> Result
    {
        let bytes = cString(String(text))
        let outcome = bytes.withUnsafeBufferPointer { buffer -> Swift.Result<Result, Errno> in
            guard let base = buffer.baseAddress else { return .failure(.invalid) }
            do throws(Errno) { return .success(try body(Name(path: base, count: buffer.count - 1))) } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private func split(_ path: String) throws(Errno) -> (parent: NodeID, name: Substring) {
        let parts = path.split(separator: "/")
        guard let last = parts.last else { throw Errno.invalid }
        return (try resolve(parts.dropLast().joined(separator: "/")), last)
    }

    public func exists(_ path: String) -> Bool { (try? resolve(path)) != nil }

    public func status(_ path: String) throws(Errno) -> Status { try union.status(try resolve(path)) }

    public func read(_ path: String) throws(Errno) -> String {
        let node = try resolve(path)
        try union.open(node, writing: false)
        defer { union.close(node) }
        let fd = try union.readingDescriptor(node)
        var bytes = [UInt8](repeating: 0, count: Int(clamping: try fd.status().size))
        let count = bytes.withUnsafeMutableBytes { cl_pread(fd.raw, $0.baseAddress, $0.count, 0) }
        return String(decoding: bytes.prefix(try check(count)), as: UTF8.self)
    }

    /// Writes a file anew, creating it where it is missing.
    public func write(_ path: String, _ text: String) throws(Errno) {
        let (parent, name) = try split(path)
        let node: NodeID
        if exists(path) {
            node = try resolve(path)
            try union.open(node, writing: true, truncate: true)
        } else {
            node = try Self.named(name) { (name) throws(Errno) in
                try union.create(parent, name, .file, mode: 0o644, caller: me).node
            }
        }
        defer { union.close(node) }
        let fd = try union.writingDescriptor(node)
        let bytes = Array(text.utf8)
        let outcome = bytes.withUnsafeBytes { buffer -> Result<Void, Errno> in
            do throws(Errno) { return .success(try fd.writeAll(buffer, at: 0)) } catch { return .failure(error) }
        }
        try outcome.get()
    }

    public func makeDirectory(_ path: String) throws(Errno) {
        let (parent, name) = try split(path)
        _ = try Self.named(name) { (name) throws(Errno) in
            try union.create(parent, name, .directory, mode: 0o755, caller: me)
        }
    }

    public func remove(_ path: String) throws(Errno) {
        let isDirectory = try status(path).isDirectory
        let (parent, name) = try split(path)
        try Self.named(name) { (name) throws(Errno) in
            if isDirectory { try union.removeDirectory(parent, name) } else { try union.unlink(parent, name) }
        }
    }

    public func rename(_ old: String, _ new: String, _ flags: RenameFlags = []) throws(Errno) {
        let (from, name) = try split(old)
        let (to, newName) = try split(new)
        try Self.named(name) { (name) throws(Errno) in
            try Self.named(newName) { (newName) throws(Errno) in
                try union.rename(from, name, to: to, newName, flags: flags)
            }
        }
    }

    public func link(_ old: String, _ new: String) throws(Errno) {
        let node = try resolve(old)
        let (to, newName) = try split(new)
        _ = try Self.named(newName) { (newName) throws(Errno) in try union.link(node, to, newName) }
    }

    public func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
        var change = StatusChange()
        change.mode = mode
        _ = try union.change(try resolve(path), change)
    }

    /// The names in a directory, sorted.
    public func list(_ path: String = "") throws(Errno) -> [String] {
        let listing = try union.list(try resolve(path))
        var names: [String] = []
        for position in 0..<listing.count {
            try union.name(listing, at: position) { (name) throws(Errno) in names.append(String(cString: name.path)) }
        }
        return names.sorted()
    }

    private var me: Caller { Caller(uid: geteuid(), gid: getegid(), umask: 0o022) }
}
