import CDifferential
import Glibc

/// What came of an operation: a value or -errno, and what was read.
struct Outcome: Equatable {
    var code: Int64
    var detail: Bytes = []

    var succeeded: Bool { code >= 0 }

    var shown: String {
        if code < 0 { return errnoName(Int32(-code)) }
        let text =
            detail.allSatisfy { $0 >= 0x20 && $0 < 0x7f } ? String(decoding: detail, as: UTF8.self) : detail.shown
        return detail.isEmpty ? "\(code)" : "\(code) \(text)"
    }
}

/// What `fstat` says of a descriptor that is kept.
struct OpenFile {
    var slot: Int
    var shown: String
    var stat: cd_stat

    mutating func takeTime(of other: OpenFile) {
        stat.mtime_sec = other.stat.mtime_sec
        stat.mtime_nsec = other.stat.mtime_nsec
        shown = String(decoding: Executor.describe(stat), as: UTF8.self)
    }

    /// The same, were it to have as many names as `other`.
    func shown(withLinksOf other: OpenFile) -> String {
        var stat = stat
        stat.nlink = other.stat.nlink
        return String(decoding: Executor.describe(stat), as: UTF8.self)
    }
}

extension Executor {
    /// What is compared of a `stat`.
    static func describe(_ stat: cd_stat) -> Bytes {
        let isDirectory = stat.mode & UInt32(S_IFMT) == UInt32(S_IFDIR)
        let size = isDirectory ? "" : " size \(stat.size)"
        let mtime = stat.comparableMtime
        return Bytes("mode \(octal(stat.mode)) \(stat.uid):\(stat.gid) nlink \(stat.nlink)\(size) mtime \(mtime)")
    }
}
