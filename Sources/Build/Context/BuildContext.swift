import CLinux
import Linux
public import OCI

/// What a build is made from: a tree, and perhaps a Dockerfile that came in its place.
public struct BuildContext: Sendable {
    /// Without ignore rules: those come with the Dockerfile.
    public let tree: SourceTree
    /// A Dockerfile that is not in the tree: what was sent was not an archive.
    public let dockerfile: [UInt8]?

    /// No Dockerfile is larger.
    static let mostDockerfile = 16 << 20

    init(_ tree: SourceTree, dockerfile: [UInt8]? = nil) {
        self.tree = tree
        self.dockerfile = dockerfile
    }

    /// A directory of this machine.
    public static func directory(_ path: [UInt8]) throws(BuildError) -> BuildContext {
        BuildContext(try .directory(path))
    }

    /// What a file or pipe holds: a tar archive, compressed by gzip, bzip2, xz or zstd or not at all, or else a Dockerfile.
    ///
    /// Owners are dropped. Names that lead upwards, and devices, end it with an error.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - scratch: an empty directory, which the context keeps.
    public static func read(
        _ file: SharedFile, named name: [UInt8], into scratch: ScratchDirectory
    ) throws(BuildError) -> BuildContext {
        let empty = SourceTree(scratch.directory, keepsOwners: false, scratch: scratch)
        // A pipe gives its bytes once.
        let (spooled, size) = try spool(file.descriptor.fd, name, scratch)
        guard size > 0 else { throw BuildError("read build context", name, "it is empty") }
        guard ArchiveSniffing.isArchive(spooled.descriptor.fd) else {
            try rewind(spooled, name)
            let bytes = try naming("read build context", name) { () throws(Errno) in
                try spooled.descriptor.fd.remainder(atMost: mostDockerfile)
            }
            return BuildContext(empty, dockerfile: bytes)
        }
        try rewind(spooled, name)
        try ArchiveUnpacking(scratch.fd, CopyOptions(), purpose: .context).unpack(spooled.descriptor.fd, name)
        // The archive may have set times and modes of the directory itself; we must still be able to enter it.
        try naming("read build context", name) { () throws(Errno) in
            try scratch.fd.setMode([CChar(bitPattern: UInt8.dot), 0], 0o700)
        }
        return BuildContext(empty)
    }

    /// A file without a name that holds all there is to read.
    private static func spool(
        _ file: FD, _ name: [UInt8], _ scratch: ScratchDirectory
    ) throws(BuildError) -> (file: SharedFile, size: Int64) {
        try naming("read build context", name) { () throws(Errno) in
            let spooled = try scratch.fd.open(
                ".spool", [.readWrite, .create, .exclusive, .noFollow], mode: 0o600)
            try scratch.fd.unlink(".spool")
            var offset: Int64 = 0
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { break }
                try spooled.fd.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: offset)
                offset += Int64(count)
            }
            return (SharedFile(spooled), offset)
        }
    }

    private static func rewind(_ file: SharedFile, _ name: [UInt8]) throws(BuildError) {
        try naming("read build context", name) { () throws(Errno) in try check(cl_lseek(file.descriptor.raw, 0, 0)) }
    }

    /// A commit of a repository.
    public static func git(
        _ reference: GitReference, keepsGitDirectory: Bool = false, into scratch: ScratchDirectory
    ) async throws(BuildError) -> BuildContext {
        let keeps = reference.keepsGitDirectory ?? keepsGitDirectory
        return BuildContext(try await GitCheckout.fetch(reference, keepsGitDirectory: keeps, into: scratch).tree)
    }

    /// A tar archive or a Dockerfile behind an address.
    ///
    /// - Parameters:
    ///   - download: an empty directory for what is fetched.
    ///   - scratch: another one, which the context keeps.
    public static func address(
        _ address: Address, with client: HTTPClient, download: ScratchDirectory, into scratch: ScratchDirectory
    ) async throws(BuildError) -> BuildContext {
        let remote = try await RemoteFile.fetch(address, with: client, into: download)
        let file = try naming("read build context", remote.name) { () throws(Errno) in
            try download.fd.open(remote.name.cPath, [.readOnly, .noFollow])
        }
        return try read(SharedFile(file), named: Array(address.text.utf8), into: scratch)
    }
}
