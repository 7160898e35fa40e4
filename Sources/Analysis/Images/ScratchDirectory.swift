import Glibc
import Linux

/// A directory of one's own that goes with the object.
final class ScratchDirectory: Sendable {
    let path: [UInt8]

    /// In `$TMPDIR`, or `/var/tmp`: what comes here may be large.
    init() throws(AnalysisError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var template = Array("\(parent)/shale-analysis-XXXXXX".utf8).cPath
        guard mkdtemp(&template) != nil else { throw AnalysisError("make a directory in \(parent): \(Errno(errno))") }
        path = template.dropLast().map { UInt8(bitPattern: $0) }
    }

    deinit { try? FD.workingDirectory.removeTree(path.cPath) }
}
