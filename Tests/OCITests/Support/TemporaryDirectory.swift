import Glibc
import Linux

/// A directory that goes with its test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = "/var/tmp/shale-oci.XXXXXX".utf8.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FD.workingDirectory.removeTree(path) }

    /// Writes a file, in place of what is there; returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws -> String {
        let file = try FD.workingDirectory.open("\(path)/\(name)", [.writeOnly, .create, .truncate], mode: mode)
        var offset: Int64 = 0
        try bytes.withUnsafeBufferPointer { (buffer) throws(Errno) in
            try file.fd.writeAll(UnsafeRawBufferPointer(buffer), at: offset)
            offset += Int64(buffer.count)
        }
        return "\(path)/\(name)"
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    func makeDirectory(_ name: String) throws -> String {
        try FD.workingDirectory.makeDirectory("\(path)/\(name)", mode: 0o755)
        return "\(path)/\(name)"
    }
}
