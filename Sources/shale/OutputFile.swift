import Glibc
import Linux
import OCI

/// Files that commands write: whole, or not at all.
enum OutputFile {
    /// Puts bytes in the place of a path; what is no file, such as a pipe or `/dev/stdout`, is written as it is.
    ///
    /// - Throws: ``Failure``.
    static func write(_ bytes: [UInt8], to path: [UInt8]) throws {
        do throws(Errno) {
            if let status = try? FD.workingDirectory.status(path.cPath), !status.isRegular {
                let file = try FD.workingDirectory.open(path.cPath, .writeOnly)
                return try stream(bytes, to: file.fd)
            }
            let slash = path.lastIndex(of: 0x2f)
            let directory = slash.map { Array(path[...$0]) } ?? Array("./".utf8)
            let name = slash.map { Array(path[($0 + 1)...]) } ?? path
            let opened = try FD.workingDirectory.open(directory.cPath, [.readOnly, .directory])
            try opened.fd.replace(name.cPath, with: bytes, mode: 0o644)
        } catch {
            throw Failure.failed("write \(String(decoding: path, as: UTF8.self)): \(error)")
        }
    }

    /// To standard output or a pipe, all of it.
    static func stream(_ bytes: [UInt8], to file: FD) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let result = bytes.withUnsafeBytes {
                Glibc.write(file.raw, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw Errno(errno)
            }
            done += result
        }
    }
}
