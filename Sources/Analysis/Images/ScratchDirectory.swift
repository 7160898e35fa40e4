import Glibc
import Linux

/// A directory of one's own that goes with the object, or with the process: tasks may let go of what they hold only after the
/// program has ended.
final class ScratchDirectory: Sendable {
    let path: [UInt8]

    /// Those that are there.
    private static let known = Locked(Set<[UInt8]>())
    private static let removesAtExit: Bool = {
        atexit { for path in ScratchDirectory.known.withLock({ $0 }) { ScratchDirectory.remove(path) } }
        return true
    }()

    /// In `$TMPDIR`, or `/var/tmp`: what comes here may be large.
    init() throws(AnalysisError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
        var template = Array("\(parent)/shale-analysis-XXXXXX".utf8).cPath
        guard mkdtemp(&template) != nil else { throw AnalysisError("make a directory in \(parent): \(Errno(errno))") }
        path = template.dropLast().map { UInt8(bitPattern: $0) }
        _ = Self.removesAtExit
        let made = path
        Self.known.withLock { _ = $0.insert(made) }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: [UInt8]) {
        guard known.withLock({ $0.remove(path) }) != nil else { return }
        try? FD.workingDirectory.removeTree(path.cPath)
    }
}
