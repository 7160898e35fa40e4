import CLinux
import Glibc
import Linux

extension CredentialFile {
    /// Reads, changes and writes a file while no other process of ours does: by rename, readable by its owner alone.
    /// A symbolic link stays one: what it leads to is written.
    ///
    /// - Parameter change: returns false when nothing is to be written.
    /// - Throws: ``CredentialError``; then the file is as it was.
    static func update(
        _ path: [UInt8], _ change: (inout CredentialFile) throws(CredentialError) -> Bool
    ) throws(CredentialError) {
        let target = resolved(path)
        let slash = target.lastIndex(of: 0x2f)
        let name = Array(target[(slash.map { $0 + 1 } ?? 0)...])
        let directory = try writing(path) { () throws(Errno) in
            let parent = slash.map { $0 == 0 ? [0x2f] : Array(target[..<$0]) } ?? [0x2e]
            try makeDirectories(parent)
            return try FD.workingDirectory.open(parent.cPath, [.readOnly, .directory])
        }
        // Released with the descriptor.
        guard flock(directory.raw, LOCK_EX) == 0 else { throw failure("write", path, Errno(errno)) }
        var file = try CredentialFile(target)
        guard try change(&file) else { return }
        let bytes = file.content.indentedBytes
        try writing(path) { () throws(Errno) in try directory.fd.replace(name.cPath, with: bytes, mode: 0o600) }
    }

    private static func writing<Result: ~Copyable>(
        _ path: [UInt8], _ body: () throws(Errno) -> Result
    ) throws(CredentialError) -> Result {
        do throws(Errno) { return try body() } catch { throw failure("write", path, error) }
    }

    private static func resolved(_ path: [UInt8]) -> [UInt8] {
        guard let real = realpath(path.cPath, nil) else { return path }
        defer { free(real) }
        return UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) }
    }

    private static func makeDirectories(_ path: [UInt8]) throws(Errno) {
        for end in path.indices.dropFirst() where path[end] == 0x2f {
            _ = cl_mkdirat(-100, Array(path[..<end]).cPath, 0o700)
        }
        let result = cl_mkdirat(-100, path.cPath, 0o700)
        if result < 0, Errno(0 &- result) != .exists { throw Errno(0 &- result) }
    }
}

extension JSONObject {
    /// The object as people edit it: a member a line, indented by tabs as Docker does.
    var indentedBytes: [UInt8] {
        var bytes: [UInt8] = []
        JSON.object(self).write(indented: 0, into: &bytes)
        return bytes + [0x0a]
    }
}

extension JSON {
    fileprivate func write(indented depth: Int, into bytes: inout [UInt8]) {
        func line(_ depth: Int) { bytes += [0x0a] + [UInt8](repeating: 0x09, count: depth) }
        switch self {
        case .object(let object) where !object.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                line(depth + 1)
                bytes += JSON.string(member.key).canonicalBytes + ": ".utf8
                member.value.write(indented: depth + 1, into: &bytes)
            }
            line(depth)
            bytes.append(UInt8(ascii: "}"))
        case .array(let values) where !values.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                line(depth + 1)
                value.write(indented: depth + 1, into: &bytes)
            }
            line(depth)
            bytes.append(UInt8(ascii: "]"))
        default: bytes += canonicalBytes
        }
    }
}
