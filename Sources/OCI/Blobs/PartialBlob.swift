import CLinux
import Linux

/// The file of a blob that a transfer brings, and that stays when the transfer is cut short: `ingest/ALGORITHM-HEX` of a store. Who
/// writes it has it locked; a prune removes those that nobody writes.
enum PartialBlob {
    static func name(_ digest: Digest) -> String { "ingest/\(digest.algorithm.rawValue)-\(digest.hex)" }

    /// Whether a name in `ingest` is that of such a file.
    static func isPartial(_ name: [UInt8]) -> Bool {
        Digest.Algorithm.allCases.contains { name.starts(with: "\($0.rawValue)-".utf8) }
    }

    /// The file, made where there is none, and locked; nil while somebody else writes it.
    static func take(_ digest: Digest, in root: FD) throws(Errno) -> Descriptor? {
        let name = name(digest)
        while true {
            let file = try root.open(name, [.readWrite, .create, .noFollow, .nonBlocking], mode: 0o644)
            guard try file.fd.status().isRegular, cl_flock_exclusive(file.raw) >= 0 else { return nil }
            if isNamed(file, name, root) { return file }
        }
    }

    /// Removes it, unless somebody writes it.
    static func remove(_ name: [UInt8], in root: FD) {
        let name = "ingest/\(String(decoding: name, as: UTF8.self))"
        guard let file = try? root.open(name, [.readWrite, .noFollow, .nonBlocking]),
            cl_flock_exclusive(file.raw) >= 0, isNamed(file, name, root)
        else { return }
        try? root.unlink(name)
    }

    /// Between the opening of a file and its locking, a prune may have removed it, or a pull have made it the blob.
    private static func isNamed(_ file: borrowing Descriptor, _ name: String, _ root: FD) -> Bool {
        guard let mine = try? file.fd.status(), let named = try? root.status(name) else { return false }
        return mine.ino == named.ino && mine.isRegular && named.isRegular
    }
}
