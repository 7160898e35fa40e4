import CLinux
public import Dockerfile
import Linux
public import OCI

/// A tree that `COPY`, `ADD` and bind mounts read: a build context, the root of a stage or image, a git checkout. It is
/// held by its descriptor; nothing in it leads outside.
public struct SourceTree: Sendable {
    let root: any TreeDirectory
    /// What of the tree is as if it were not there.
    public private(set) var ignore: IgnoreFile?
    /// Whether the owners of its files mean anything: those of a build context do not.
    public let keepsOwners: Bool
    /// Whether inode numbers and change times identify content, now and at the next build.
    let isRemembered: Bool
    /// Layers that are shown as one: what a descriptor of a file says of its mode may not be what the tree says.
    let isLayered: Bool
    /// What goes with the tree.
    private let scratch: ScratchDirectory?

    /// - Parameters:
    ///   - root: a directory that is open for reading.
    ///   - keepsOwners: true for stages and images.
    ///   - scratch: removed with the last copy of this value.
    public init(
        _ root: SharedFile, ignore: IgnoreFile? = nil, keepsOwners: Bool, scratch: ScratchDirectory? = nil
    ) {
        self.root = PlainDirectory(root)
        self.ignore = ignore
        self.keepsOwners = keepsOwners
        self.scratch = scratch
        isRemembered = scratch == nil && Self.hasIdentity(root.descriptor.fd)
        isLayered = false
    }

    /// What layers show together.
    init(_ layers: LayeredTree) {
        root = layers.root
        ignore = nil
        keepsOwners = true
        scratch = nil
        isRemembered = false
        isLayered = true
    }

    /// A part of another tree, which stays as long as this one.
    init(_ root: any TreeDirectory, of whole: SourceTree) {
        self.root = root
        ignore = nil
        keepsOwners = whole.keepsOwners
        scratch = whole.scratch
        isRemembered = whole.isRemembered
        isLayered = whole.isLayered
    }

    /// The same tree with other rules.
    public func ignoring(_ ignore: IgnoreFile?) -> SourceTree {
        var tree = self
        tree.ignore = ignore
        return tree
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
        do throws(Errno) {
            let names = try RootedPath.resolve(path, in: root)
            guard let last = names.last else { throw Errno.isDirectory }
            let file = try DirectoryChain(root).directory(names.dropLast()).open(last.cPath)
            let status = try file.fd.status()
            guard status.isRegular else { throw status.isDirectory ? Errno.isDirectory : Errno.invalid }
            return try file.fd.remainder(atMost: limit)
        } catch {
            if error == .noEntry || error == .notDirectory { return nil }
            throw BuildError("read", path, error)
        }
    }
}
