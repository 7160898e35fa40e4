import CLinux
import Linux

/// A tree at one moment, to be compared with another one: a mount with what it should show, a layer with its copy.
public struct Snapshot: Sendable {
    /// What is compared of an object besides its path and type.
    public struct Aspects: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Permission and set-id bits.
        public static let mode = Aspects(rawValue: 1)
        public static let owner = Aspects(rawValue: 2)
        /// Times of last modification, of everything but directories.
        public static let times = Aspects(rawValue: 4)
        /// Bytes of files, targets of symlinks, numbers of devices.
        public static let content = Aspects(rawValue: 8)
        /// Extended attributes, those of overlays (`trusted.overlay.` and the like) not among them.
        public static let attributes = Aspects(rawValue: 16)
        /// Which names are one file.
        public static let links = Aspects(rawValue: 32)
        public static let all: Aspects = [.mode, .owner, .times, .content, .attributes, .links]
    }

    /// Something that two trees do not have in common.
    public struct Difference: Equatable, Sendable, CustomStringConvertible {
        /// From the root of the trees, as text: bytes that are not UTF-8 are replaced.
        public let path: String
        /// What differs, and both sides of it.
        public let text: String

        public var description: String { "\(path): \(text)" }
    }

    struct Object: Sendable {
        var status: Status
        var content: UInt64 = 0
        var target: [UInt8] = []
        var attributes: [[UInt8]: [UInt8]] = [:]
        /// The first path, in order, of the same file.
        var first: [UInt8]
    }

    private(set) var objects: [[UInt8]: Object] = [:]

    /// Reads the whole tree at `path`, crossing no mounts.
    ///
    /// - Throws: ``TestingError`` with the path that could not be read.
    public init(of path: String) throws(TestingError) {
        do throws(Errno) {
            let root = try FD.workingDirectory.open(path, [.readOnly, .directory])
            var numbers: [UInt64: [UInt8]] = [:]
            try read(root.fd, [], try root.fd.status().dev, &numbers)
        } catch {
            throw TestingError("\(path): \(error)")
        }
    }

    private mutating func read(
        _ directory: FD, _ path: [UInt8], _ device: UInt64, _ numbers: inout [UInt64: [UInt8]]
    ) throws(Errno) {
        var names: [[UInt8]] = []
        try directory.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let key = cString(name)
            let own = path.isEmpty ? name : path + [0x2f] + name
            let status = try directory.status(key)
            var object = Object(status: status, first: own)
            if status.isDirectory {
                if status.dev == device {
                    let below = try directory.open(key, [.readOnly, .directory, .noFollow])
                    try read(below.fd, own, device, &numbers)
                }
            } else if let first = numbers[status.ino] {
                object.first = first
            } else if status.nlink > 1 {
                numbers[status.ino] = own
            }
            if status.isRegular { object.content = try Self.digest(directory, key) }
            if status.isSymlink { object.target = try Self.target(directory, key) }
            object.attributes = try Self.attributes(directory, key)
            objects[own] = object
        }
    }

    /// FNV-1a over the bytes: not against an adversary, only against mistakes.
    private static func digest(_ directory: FD, _ name: [CChar]) throws(Errno) -> UInt64 {
        let file = try directory.open(name, [.readOnly, .noFollow, .nonBlocking])
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        while true {
            let count = try check(buffer.withUnsafeMutableBytes { cl_read(file.raw, $0.baseAddress, $0.count) })
            if count == 0 { return digest }
            for byte in buffer.prefix(count) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
    }

    private static func target(_ directory: FD, _ name: [CChar]) throws(Errno) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
            cl_readlinkat(directory.raw, name, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return Array(buffer.prefix(try check(count)))
    }

    private static func attributes(_ directory: FD, _ name: [CChar]) throws(Errno) -> [[UInt8]: [UInt8]] {
        var found: [[UInt8]: [UInt8]] = [:]
        for key in try directory.attributeNames(name).split(separator: 0) {
            let isPrivate = ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."].contains {
                key.starts(with: $0.utf8)
            }
            if isPrivate { continue }
            found[Array(key)] = try directory.attribute(name, cString(Array(key))) ?? []
        }
        return found
    }

    /// Where `other` is not like this tree, in the order of the paths; empty where they are the same.
    public func differences(from other: Snapshot, in aspects: Aspects = .all) -> [Difference] {
        Set(objects.keys).union(other.objects.keys).sorted { $0.lexicographicallyPrecedes($1) }.compactMap { path in
            guard let text = difference(objects[path], other.objects[path], aspects) else { return nil }
            return Difference(path: String(decoding: path, as: UTF8.self), text: text)
        }
    }

    private func difference(_ one: Object?, _ other: Object?, _ aspects: Aspects) -> String? {
        guard let one else { return "only in the other tree" }
        guard let other else { return "missing in the other tree" }
        let (left, right) = (one.status, other.status)
        func octal(_ mode: UInt32) -> String { String(mode & 0o7777, radix: 8) }
        if left.type != right.type { return "type \(octal(left.type >> 12)) is \(octal(right.type >> 12))" }
        if aspects.contains(.mode), left.mode != right.mode {
            return "mode \(octal(left.mode)) is \(octal(right.mode))"
        }
        if aspects.contains(.owner), left.uid != right.uid || left.gid != right.gid {
            return "owner \(left.uid):\(left.gid) is \(right.uid):\(right.gid)"
        }
        if aspects.contains(.content) {
            if left.isRegular, left.size != right.size { return "size \(left.size) is \(right.size)" }
            if one.content != other.content { return "content differs" }
            if one.target != other.target { return "target differs" }
            if left.rdev != right.rdev { return "device number differs" }
        }
        if aspects.contains(.times), !left.isDirectory,
            left.mtime_s != right.mtime_s || left.mtime_ns != right.mtime_ns
        {
            return "time \(left.mtime_s) is \(right.mtime_s)"
        }
        if aspects.contains(.attributes), one.attributes != other.attributes { return "attributes differ" }
        if aspects.contains(.links), one.first != other.first { return "one file with other names" }
        return nil
    }
}
