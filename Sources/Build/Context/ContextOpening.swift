import Linux
public import OCI

/// Opens contexts from wherever they are.
public struct ContextOpening: Sendable {
    private let client: HTTPClient
    private let room: SharedFile
    private let keepsGitDirectory: Bool

    /// - Parameters:
    ///   - room: a directory for what is fetched and unpacked, which goes with the context.
    ///   - keepsGitDirectory: ``BuildRequest/keepsGitDirectory``.
    public init(client: HTTPClient, room: SharedFile, keepsGitDirectory: Bool = false) {
        self.client = client
        self.room = room
        self.keepsGitDirectory = keepsGitDirectory
    }

    /// - Parameter standardInput: read for `-`.
    /// - Throws: ``BuildError``.
    public func open(_ source: ContextSource, standardInput: SharedFile) async throws(BuildError) -> BuildContext {
        switch source {
        case .directory(let path): return try .directory(path)
        case .standardInput: return try await read(standardInput, named: Array("-".utf8))
        case .archive(let path):
            let file = try naming("open build context", path) { () throws(Errno) in
                SharedFile(try FD.workingDirectory.open(path.cPath, .readOnly))
            }
            return try await read(file, named: path)
        case .git(let reference): return try await git(reference)
        case .address(let address): return try await fetch(address)
        }
    }

    /// The files of a named context, those that its own `.dockerignore` leaves out not among them; nil for an image.
    ///
    /// - Throws: ``BuildError``.
    public func open(_ context: NamedContext) async throws(BuildError) -> SourceTree? {
        let opened: BuildContext
        switch context {
        case .image, .layout: return nil
        case .directory(let path): opened = try .directory(path)
        case .git(let reference): opened = try await git(reference)
        case .address(let address): opened = try await fetch(address)
        }
        return opened.tree.ignoring(try DockerfileChoice.rules(of: opened))
    }

    private func read(_ file: SharedFile, named name: [UInt8]) async throws(BuildError) -> BuildContext {
        let scratch = try ScratchDirectory(in: room)
        return try await onThread { (interruption) throws(BuildError) in
            try BuildContext.read(file, named: name, into: scratch, interruption: interruption)
        }
    }

    private func git(_ reference: GitReference) async throws(BuildError) -> BuildContext {
        let keeps = reference.keepsGitDirectory ?? keepsGitDirectory
        let scratch = try ScratchDirectory(in: room)
        let checkout = try await GitCheckout.fetch(reference, keepsGitDirectory: keeps, into: scratch)
        return BuildContext(checkout.tree)
    }

    /// A tar archive or a Dockerfile.
    private func fetch(_ address: Address) async throws(BuildError) -> BuildContext {
        let download = try ScratchDirectory(in: room)
        let remote = try await RemoteFile.fetch(address, with: client, into: download)
        let file = try naming("read build context", remote.name) { () throws(Errno) in
            SharedFile(try download.fd.open(remote.name.cPath, [.readOnly, .noFollow]))
        }
        return try await read(file, named: Array(address.text.utf8))
    }
}
