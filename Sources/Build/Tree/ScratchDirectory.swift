public import Linux
public import OCI

/// A directory for what a build fetches or unpacks, gone with its last user.
public final class ScratchDirectory: Sendable {
    private let parent: SharedFile
    private let name: [CChar]
    /// Open for reading.
    public let directory: SharedFile

    /// - Parameter parent: a directory of the store, or of another place with room.
    /// - Throws: ``BuildError``.
    public init(in parent: SharedFile) throws(BuildError) {
        var name: [CChar] = []
        var made = false
        while !made {
            name = Array("build-\(UInt64.random(in: 0 ... .max))".utf8).cPath
            made = try naming("make a directory for the build", []) { () throws(Errno) in
                do throws(Errno) { try parent.descriptor.fd.makeDirectory(name, mode: 0o700) } catch {
                    guard error == .exists else { throw error }
                    return false
                }
                return true
            }
        }
        let opened = try naming("open a directory for the build", []) { () throws(Errno) in
            try parent.descriptor.fd.open(name, [.readOnly, .directory, .noFollow])
        }
        directory = SharedFile(opened)
        self.parent = parent
        self.name = name
    }

    deinit { try? parent.descriptor.fd.removeTree(name) }

    public var fd: FD { directory.descriptor.fd }
}
