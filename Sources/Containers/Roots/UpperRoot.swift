internal import CLinux
public import Linux

/// The top of an upper is the root directory that programs see: it looks as the topmost layer's.
public enum UpperRoot {
    private static let record = "user.containers.override_stat"

    /// - Parameters:
    ///   - upper: an empty directory.
    ///   - layer: the directory of the topmost layer.
    public static func copy(from layer: [UInt8], to upper: [UInt8]) throws(Errno) {
        let status = try FD.workingDirectory.status(layer.cPath)
        try FD.workingDirectory.setOwner(upper.cPath, uid: status.uid, gid: status.gid)
        try FD.workingDirectory.setMode(upper.cPath, status.mode & 0o7777)
        // What the layer records of it instead (SEMANTICS 9.5).
        if let value = try FD.workingDirectory.attribute(layer.cPath, record) {
            try FD.workingDirectory.setAttribute(upper.cPath, record, value)
        }
    }
}
