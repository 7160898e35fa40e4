import CLinux
import Linux
import OCI

/// A directory on a disk.
final class PlainDirectory: TreeDirectory {
    let fd: FD
    private let file: SharedFile?
    let givesGroup: Bool

    var creator: Owner { Self.own }

    private static let own: Owner = {
        let privileges = Privileges.current()
        return Owner(uid: privileges.uid, gid: privileges.gid)
    }()

    /// - Parameter file: open for reading.
    init(_ file: SharedFile) {
        self.file = file
        fd = file.descriptor.fd
        givesGroup = Self.givesGroup(file.descriptor.fd)
    }

    /// - Parameter fd: open for reading; it must stay open.
    init(_ fd: FD) {
        file = nil
        self.fd = fd
        givesGroup = Self.givesGroup(fd)
    }

    private static func givesGroup(_ fd: FD) -> Bool { (try? fd.status().mode & 0o2000 != 0) ?? false }

    func status(_ name: CPath) throws(Errno) -> FileStatus { FileStatus(try fd.status(name)) }

    func directory(_ name: CPath) throws(Errno) -> any TreeDirectory {
        PlainDirectory(SharedFile(try fd.open(name, [.readOnly, .directory, .noFollow])))
    }

    func names() throws(Errno) -> [[UInt8]] {
        // Opened again, for a position of its own.
        let again = try fd.open([CChar].here, [.readOnly, .directory])
        var names: [[UInt8]] = []
        try again.fd.forEachEntry { entry in
            names.append(Array(entry.name))
            return true
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func target(_ name: CPath) throws(Errno) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 4096)
        let count = try target.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
            try fd.readLink(name, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return Array(target.prefix(count))
    }

    func open(_ name: CPath) throws(Errno) -> Descriptor {
        try fd.open(name, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
    }

    func attributes(_ name: CPath) throws(Errno) -> [Selection.Attribute] {
        try Selection.Attribute.carried(in: try fd.attributeNames(name)) { (key) throws(Errno) in
            try fd.attribute(name, key)
        }
    }

    func makeDirectory(_ name: CPath, mode: UInt32) throws(Errno) { try fd.makeDirectory(name, mode: mode) }

    func makeFile(_ name: CPath, mode: UInt32) throws(Errno) -> Descriptor {
        try fd.open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
    }

    func makeSymlink(_ name: CPath, target: CPath) throws(Errno) { try fd.makeSymlink(name, target: target) }

    func makeNode(_ name: CPath, mode: UInt32, device: UInt64) throws(Errno) {
        try fd.makeNode(name, mode: mode, device: device)
    }

    func link(_ name: CPath, to other: any TreeDirectory, _ newName: CPath) throws(Errno) {
        guard let other = other as? PlainDirectory else { throw .crossDevice }
        try fd.link(name, to: other.fd, newName)
    }

    func unlink(_ name: CPath) throws(Errno) { try fd.unlink(name) }

    func removeTree(_ name: CPath) throws(Errno) { try fd.removeTree(name) }

    func setOwner(_ name: CPath, _ owner: Owner) throws(Errno) {
        try fd.setOwner(name, uid: owner.uid, gid: owner.gid)
    }

    func setMode(_ name: CPath, _ mode: UInt32) throws(Errno) { try fd.setMode(name, mode) }

    func setModified(_ name: CPath, _ time: Timestamp) throws(Errno) {
        try fd.setTimes(name, access: .keep, modified: time)
    }

    func setAttribute(_ name: CPath, _ attribute: Selection.Attribute) throws(Errno) {
        try fd.setAttribute(name, attribute.name.cPath, attribute.value)
    }
}

extension Selection.Attribute {
    /// - Parameters:
    ///   - list: names, each ended by NUL.
    ///   - value: of a name; nil for one that is gone.
    static func carried(
        in list: [UInt8], _ value: (CPath) throws(Errno) -> [UInt8]?
    ) throws(Errno) -> [Selection.Attribute] {
        if list.isEmpty { return [] }
        var attributes: [Selection.Attribute] = []
        for key in list.split(separator: 0).map(Array.init).sorted(by: { $0.lexicographicallyPrecedes($1) })
        where ObjectAttributes.isCarried(key) {
            guard let value = try value(key.cPath) else { continue }
            attributes.append(Selection.Attribute(name: key, value: value))
        }
        return attributes
    }
}
