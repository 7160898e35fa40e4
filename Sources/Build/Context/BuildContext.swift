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
        _ file: SharedFile, named name: [UInt8], into scratch: ScratchDirectory,
        interruption: Interruption? = nil
    ) throws(BuildError) -> BuildContext {
        let tree = SourceTree(scratch.directory, keepsOwners: false, scratch: scratch)
        // It is read twice, and a pipe gives its bytes once.
        let start = cl_lseek(file.descriptor.raw, 0, 1)
        let file = start >= 0 ? file : try spool(file.descriptor.fd, name, scratch)
        let isArchive = ArchiveSniffing.isArchive(file.descriptor.fd)
        try naming("read build context", name) { () throws(Errno) in
            try check(cl_lseek(file.descriptor.raw, max(start, 0), 0))
        }
        guard isArchive else {
            let bytes = try naming("read build context", name) { () throws(Errno) in
                try file.descriptor.fd.remainder(atMost: mostDockerfile)
            }
            guard !bytes.isEmpty else { throw BuildError("read build context", name, "it is empty") }
            return BuildContext(tree, dockerfile: bytes)
        }
        try ArchiveUnpacking(PlainDirectory(scratch.fd), CopyOptions(interruption: interruption), purpose: .context)
            .unpack(
                file.descriptor.fd, name)
        // The archive may say the mode of the directory itself; we must still be able to enter it.
        try naming("read build context", name) { () throws(Errno) in
            try scratch.fd.setMode([CChar].here, 0o700)
        }
        return BuildContext(tree)
    }

    /// A file without a name that holds all there is to read.
    private static func spool(
        _ file: FD, _ name: [UInt8], _ scratch: ScratchDirectory
    ) throws(BuildError) -> SharedFile {
        try naming("read build context", name) { () throws(Errno) in
            let spooled = try scratch.fd.open(".spool", [.readWrite, .create, .exclusive, .noFollow], mode: 0o600)
            try scratch.fd.unlink(".spool")
            var offset: Int64 = 0
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { return SharedFile(spooled) }
                try spooled.fd.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: offset)
                offset += Int64(count)
            }
        }
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
            SharedFile(try download.fd.open(remote.name.cPath, [.readOnly, .noFollow]))
        }
        return try read(file, named: Array(address.text.utf8), into: scratch)
    }
}
