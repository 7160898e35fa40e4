import Containers

import Linux
import OCI

extension Output {
    /// A small file that a command was asked to write.
    static func write(_ text: String, to path: String) throws(ContainerError) {
        try ContainerError.naming("write \(path)") { () throws(Errno) in
            let file = try FD.workingDirectory.open(
                Arguments.bytes(path).cPath, [.writeOnly, .create, .truncate], mode: 0o644)
            try file.fd.writeAll(Array(text.utf8))
        }
    }
}

extension JSON {
    var text: String { String(decoding: canonicalBytes, as: UTF8.self) }
}
