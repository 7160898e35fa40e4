import CLinux

extension FD {
    /// Puts a file of these bytes in the place of a name in this directory: whole and on the disk, or not at all.
    ///
    /// - Parameter mode: permission bits, before the umask.
    public func replace(_ name: CPath, with bytes: [UInt8], mode: UInt32) throws(Errno) {
        let temporary = ".\(UInt64.random(in: 0 ... .max)).partial"
        do throws(Errno) {
            let file = try open(temporary, [.writeOnly, .create, .exclusive, .noFollow], mode: mode)
            try bytes.withUnsafeBufferPointer { (buffer) throws(Errno) in
                try file.fd.writeAll(UnsafeRawBufferPointer(buffer), at: 0)
            }
            try check(cl_fsync(file.raw))
            try rename(temporary, to: self, name)
        } catch {
            try? unlink(temporary)
            throw error
        }
        try check(cl_fsync(raw))
    }
}
