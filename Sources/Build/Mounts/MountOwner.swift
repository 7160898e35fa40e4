internal import Containers
internal import Dockerfile
internal import Linux

/// Owners that a `RUN --mount` asks for.
enum MountOwner {
    /// With one id there is nobody to give a file to, and the command is root, whoever it asks to be: it stays root's.
    static func give(_ path: [UInt8], to mount: Mount) throws(Errno) {
        guard mount.uid != nil || mount.gid != nil, UserNamespace.ids > 1 else { return }
        try FD.workingDirectory.setOwner(path.cPath, uid: mount.uid ?? 0, gid: mount.gid ?? 0)
    }
}
