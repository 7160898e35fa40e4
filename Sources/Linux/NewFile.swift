import CLinux

/// A file that takes its name only when it is complete: written under another name in the same directory, synced, renamed.
/// Given up before, it is gone.
public struct NewFile: ~Copyable {
    private let directory: Descriptor
    private let file: Descriptor
    private let temporary: [CChar]
    private let name: [CChar]
    private var published = false

    /// - Parameter path: of the file to be; what is there is replaced by ``publish(replacing:)``.
    public init(_ path: [UInt8], mode: UInt32 = 0o666) throws(Errno) {
        let cut = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let parent = cut == 0 ? [UInt8(ascii: ".")] : Array(path[..<cut])
        let name = path[cut...].map { CChar(bitPattern: $0) } + [0]
        guard name.count > 1 else { throw Errno.isDirectory }
        let directory = try FD.workingDirectory.open(
            parent.map { CChar(bitPattern: $0) } + [0], [.readOnly, .directory])
        try self.init(in: directory, name, mode)
    }

    private init(in directory: consuming Descriptor, _ name: [CChar], _ mode: UInt32) throws(Errno) {
        var temporary: [CChar] = []
        var opened: Descriptor?
        while opened == nil {
            let number = UInt64.random(in: 0 ... .max)
            temporary = ".shale-writing-\(number)".utf8.map { CChar(bitPattern: $0) } + [0]
            do throws(Errno) {
                opened = try directory.fd.open(temporary, [.readWrite, .create, .exclusive, .noFollow], mode: mode)
            } catch {
                if error != .exists { throw error }
            }
        }
        guard let file = opened.take() else { throw Errno.io }
        self.directory = directory
        self.file = file
        self.temporary = temporary
        self.name = name
    }

    deinit { if !published { try? directory.fd.unlink(temporary) } }

    public var fd: FD { file.fd }

    /// Syncs the file, gives it its name, and syncs the directory.
    ///
    /// - Throws: ``Errno/exists`` where the name is taken and `replacing` is false.
    public mutating func publish(replacing: Bool = true) throws(Errno) {
        try check(cl_fsync(file.raw))
        // RENAME_NOREPLACE.
        try directory.fd.rename(temporary, to: directory.fd, name, flags: replacing ? 0 : 1)
        published = true
        try check(cl_fsync(directory.raw))
    }
}
