import Glibc
import Linux
import OCI

/// Reads files of a tree and hashes them; for one thread.
final class FileReader {
    private let tree: SourceTree
    private let interruption: Interruption?
    private let chain: DirectoryChain
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)

    init(_ tree: SourceTree, _ interruption: Interruption?) {
        self.tree = tree
        self.interruption = interruption
        chain = DirectoryChain(tree.root)
    }

    deinit { buffer.deallocate() }

    /// - Returns: the digest, and whether the file's times will tell when it changes.
    func read(_ file: FileDigests.File) throws(BuildError) -> (digest: Digest, isSettled: Bool) {
        let now = Self.now
        do {
            let opened = try chain.open(file.path)
            try tree.check(opened.fd, is: file.status, file.path)
            var digester = try Digester()
            while true {
                try interruption?.check()
                let count = try opened.fd.read(into: buffer)
                if count == 0 { break }
                digester.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try tree.check(opened.fd, is: file.status, file.path)
            return (try digester.finish(), Self.isSettled(file.status, at: now))
        } catch let error as Errno {
            throw BuildError("read", file.path, error)
        } catch let error as BuildError {
            throw error
        } catch {
            throw BuildError("read", file.path, "\(error)")
        }
    }

    private static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    /// The kernel's clock for times ticks at 100 Hz or faster; file systems that keep whole seconds, or two of them, show
    /// it by their zeros.
    static func isSettled(_ status: FileStatus, at now: Timestamp) -> Bool {
        let margin: Int64 = status.changed.nanoseconds == 0 ? 3_000_000_000 : 50_000_000
        let (seconds, overflow) = now.seconds.subtractingReportingOverflow(status.changed.seconds)
        guard !overflow, seconds >= 0 else { return false }
        if seconds > 10 { return true }
        return seconds * 1_000_000_000 + now.nanoseconds - status.changed.nanoseconds > margin
    }
}
