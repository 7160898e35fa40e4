import Linux
public import OCI

/// What the last argument of `shale build` is.
public enum ContextSource: Equatable, Sendable {
    case directory([UInt8])
    /// `-`: a tar archive, or a Dockerfile without a context.
    case standardInput
    /// A tar archive in a file.
    case archive([UInt8])
    case git(GitReference)
    /// A tar archive, or a Dockerfile, behind an address.
    case address(Address)

    /// A name of a directory or file that is there is that; otherwise it may be a repository or an address.
    ///
    /// - Throws: ``BuildError`` when it is nothing.
    public init(_ argument: [UInt8]) throws(BuildError) {
        if argument == [UInt8(ascii: "-")] {
            self = .standardInput
        } else if let status = Self.status(argument) {
            guard status.isDirectory || status.isRegular else {
                throw BuildError("open build context", argument, "neither a directory nor an archive")
            }
            self = status.isDirectory ? .directory(argument) : .archive(argument)
        } else if let git = try GitReference(argument) {
            self = .git(git)
        } else if let address = Address(String(decoding: argument, as: UTF8.self)) {
            self = .address(address)
        } else {
            throw BuildError("open build context", argument, Errno.noEntry)
        }
    }

    /// With links followed.
    private static func status(_ path: [UInt8]) -> Status? {
        guard let opened = try? FD.workingDirectory.open(path.cPath, .path) else { return nil }
        return try? opened.fd.status()
    }
}
