internal import CLinux
internal import Linux

/// A directory in memory alone, over an existing one, for as long as the value lives: what is secret never reaches a disk,
/// and ends with this process's mount namespace however the process ends.
struct MemoryDirectory: ~Copyable {
    private let path: [UInt8]

    /// - Throws: ``BuildError`` where nothing may be mounted.
    init(_ path: [UInt8]) throws(BuildError) {
        self.path = path
        try naming("mount", path) { () throws(Errno) in
            try check(cl_mount("tmpfs", path.cPath, "tmpfs", UInt(CL_MS_NOSUID) | UInt(CL_MS_NODEV), "mode=0700"))
        }
    }

    // MNT_DETACH: a container that is being killed may still have it.
    deinit { _ = cl_umount2(path.cPath, 2) }
}
