import CLinux
public import Dockerfile
import Linux
public import OCI

/// A tree that `COPY`, `ADD` and bind mounts read: a build context, the root of a stage or image, a git checkout. It is
/// held by its descriptor; nothing in it leads outside.
public struct SourceTree: Sendable {
    /// The directory, open for reading.
    public let root: SharedFile
    /// What of the tree is as if it were not there.
    public let ignore: IgnoreFile?
    /// Whether the owners of its files mean anything: those of a build context do not.
    public let keepsOwners: Bool
    /// Whether inode numbers and change times identify content, now and at the next build.
    let isRemembered: Bool
    /// What goes with the tree.
    private let scratch: ScratchDirectory?

    /// - Parameters:
    ///   - root: a directory that is open for reading.
    ///   - keepsOwners: true for stages and images.
    ///   - scratch: removed with the last copy of this value.
    public init(
        _ root: SharedFile, ignore: IgnoreFile? = nil, keepsOwners: Bool, scratch: ScratchDirectory? = nil
    ) {
        self.root = root
        self.ignore = ignore
        self.keepsOwners = keepsOwners
        self.scratch = scratch
        isRemembered = scratch == nil && Self.hasIdentity(root.descriptor.fd)
    }

    /// A part of another tree, which stays as long as this one.
    init(_ root: SharedFile, ignore: IgnoreFile?, keepsOwners: Bool, holding whole: SourceTree) {
        self.root = root
        self.ignore = ignore
        self.keepsOwners = keepsOwners
        scratch = whole.scratch
        isRemembered = whole.isRemembered
    }

    /// The same tree with other rules.
    public func ignoring(_ ignore: IgnoreFile?) -> SourceTree {
        SourceTree(root, ignore: ignore, keepsOwners: keepsOwners, scratch: scratch)
    }

    /// A server in user space, or on another machine, may give one number and one time to different contents.
    private static func hasIdentity(_ root: FD) -> Bool {
        // FUSE, NFS, 9P, SMB2, CIFS, Ceph, AFS (statfs(2)).
        let served: Set<UInt64> = [
            0x6573_5546, 0x6969, 0x0102_1997, 0xfe53_4d42, 0xff53_4d42, 0x00c3_6400, 0x5346_414f,
        ]
        guard let system = try? root.fileSystem() else { return false }
        return !served.contains(system.type)
    }

    /// Opens a directory as a tree.
    ///
    /// - Throws: ``BuildError`` when it is missing or no directory.
    public static func directory(
        _ path: [UInt8], ignore: IgnoreFile? = nil, keepsOwners: Bool = false
    ) throws(BuildError) -> SourceTree {
        let opened = try naming("open build context", path) { () throws(Errno) in
            try FD.workingDirectory.open(path.cPath, [.readOnly, .directory])
        }
        return SourceTree(SharedFile(opened), ignore: ignore, keepsOwners: keepsOwners)
    }

    /// The content of a file that a path means within the tree, whatever the ignore rules say; nil when there is none.
    ///
    /// - Throws: ``BuildError`` when it is no regular file, or larger than `limit` bytes.
    public func contents(of path: [UInt8], atMost limit: Int) throws(BuildError) -> [UInt8]? {
        let fd = root.descriptor.fd
        do throws(Errno) {
            let names = try RootedPath.resolve(path, in: fd)
            guard let last = names.last else { throw Errno.isDirectory }
            let parent = try DirectoryChain(fd).directory(names.dropLast())
            let file = try parent.fd.open(last.cPath, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
            let status = try file.fd.status()
            guard status.isRegular else { throw status.isDirectory ? Errno.isDirectory : Errno.invalid }
            return try file.fd.remainder(atMost: limit)
        } catch {
            if error == .noEntry || error == .notDirectory { return nil }
            throw BuildError("read", path, error)
        }
    }
}
