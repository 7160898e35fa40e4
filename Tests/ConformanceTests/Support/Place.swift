import CLinux
import Glibc
import Linux

/// A directory, and what can be done beneath it by paths: each function is the system call of its name.
struct Place: Sendable {
    let path: String

    func at(_ name: String) -> String { name.isEmpty ? path : "\(path)/\(name)" }
    private var cwd: FD { .workingDirectory }

    // Files

    func open(_ name: String, _ flags: Int32, _ mode: UInt32 = 0o644) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(cl_openat(-100, at(name), flags, mode)))
    }

    func read(_ name: String) throws(Errno) -> String { try open(name, O_RDONLY).text() }

    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws(Errno) {
        let file = try open(name, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try file.write(text, at: 0)
    }

    func append(_ name: String, _ text: String) throws(Errno) {
        let file = try open(name, O_WRONLY | O_APPEND)
        try check(cl_write(file.raw, text, text.utf8.count))
    }

    func truncate(_ name: String, _ size: Int64) throws(Errno) {
        let file = try open(name, O_WRONLY)
        try check(cl_ftruncate(file.raw, size))
    }

    // Names

    func exists(_ name: String) -> Bool { (try? status(name)) != nil }

    func status(_ name: String = "", birth: Bool = false) throws(Errno) -> cl_stat {
        try cwd.status(at(name), birth: birth)
    }

    func mkdir(_ name: String, _ mode: UInt32 = 0o755) throws(Errno) { try cwd.makeDirectory(at(name), mode: mode) }
    func rmdir(_ name: String) throws(Errno) { try cwd.removeDirectory(at(name)) }
    func unlink(_ name: String) throws(Errno) { try cwd.unlink(at(name)) }
    func symlink(_ target: String, _ name: String) throws(Errno) { try cwd.makeSymlink(at(name), target: target) }
    func mkfifo(_ name: String) throws(Errno) { try cwd.makeNode(at(name), mode: 0o010644, device: 0) }
    func mknod(_ name: String, _ mode: UInt32, _ device: UInt64 = 0) throws(Errno) {
        try cwd.makeNode(at(name), mode: mode, device: device)
    }
    func link(_ old: String, _ new: String) throws(Errno) { try cwd.link(at(old), to: cwd, at(new)) }

    func rename(_ old: String, _ new: String, flags: Int32 = 0) throws(Errno) {
        try cwd.rename(at(old), to: cwd, at(new), flags: UInt32(bitPattern: flags))
    }

    func readlink(_ name: String) throws(Errno) -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = try check(cl_readlinkat(-100, at(name), &bytes, bytes.count))
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a directory, sorted.
    func list(_ name: String = "") throws(Errno) -> [String] { try entries(name).map(\.name).sorted() }

    /// What getdents64(2) says of a directory, without `.` and `..`.
    func entries(_ name: String = "") throws(Errno) -> [(name: String, inode: UInt64, type: UInt8)] {
        let directory = try open(name, O_RDONLY | O_DIRECTORY)
        var all: [(name: String, inode: UInt64, type: UInt8)] = []
        try directory.fd.forEachEntry { entry in
            all.append((String(decoding: entry.name, as: UTF8.self), entry.inode, entry.type))
            return true
        }
        return all
    }

    // Attributes

    func chmod(_ name: String, _ mode: UInt32) throws(Errno) { try cwd.setMode(at(name), mode) }
    func chown(_ name: String, _ uid: UInt32, _ gid: UInt32) throws(Errno) {
        try cwd.setOwner(at(name), uid: uid, gid: gid)
    }
    func utimes(_ name: String, _ seconds: Int64) throws(Errno) {
        let time = Timestamp(seconds: seconds, nanoseconds: 123_456_789)
        try cwd.setTimes(at(name), access: time, modified: time)
    }
    /// Nil where there is none.
    func attribute(_ name: String, _ key: String) throws(Errno) -> [UInt8]? { try cwd.attribute(at(name), key) }
    func setAttribute(_ name: String, _ key: String, _ value: String) throws(Errno) {
        try cwd.setAttribute(at(name), key, Array(value.utf8))
    }
    func removeAttribute(_ name: String, _ key: String) throws(Errno) { try cwd.removeAttribute(at(name), key) }
    func attributeNames(_ name: String) throws(Errno) -> [String] {
        try cwd.attributeNames(at(name)).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// Every name beneath, with its type, content or target, one line each, sorted.
    func tree(_ name: String = "") throws(Errno) -> [String] {
        var lines: [String] = []
        for entry in try list(name) {
            let path = name.isEmpty ? entry : "\(name)/\(entry)"
            let status = try status(path)
            let mode = String(status.mode, radix: 8)
            switch status.type {
            case 0o040000: lines += ["\(path)/ \(mode)"] + (try tree(path))
            case 0o100000: lines.append("\(path) \(mode) \(status.size) \(try read(path))")
            case 0o120000: lines.append("\(path) -> \(try readlink(path))")
            default: lines.append("\(path) \(mode) device \(status.rdev)")
            }
        }
        return lines
    }
}

extension Descriptor {
    /// The first 64 KiB. A method of the descriptor itself: it lives until the call is done.
    borrowing func text(at offset: Int64 = 0) throws(Errno) -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = try check(cl_pread(raw, &bytes, bytes.count, offset))
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    borrowing func write(_ text: String, at offset: Int64) throws(Errno) {
        let count = try check(cl_pwrite(raw, text, text.utf8.count, offset))
        if count != text.utf8.count { throw Errno.io }
    }
}
