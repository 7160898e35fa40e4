import Dispatch
import Linux
import OCI
import Synchronization

/// Content digests of files, each calculated once: remembered in a database beside the store.
///
/// A file is known again by device, inode, size, modification time, change time and mode. The change time (ctime) is the
/// one that no program can set back, so an edit that keeps size and modification time is seen.
///
/// The clock behind it ticks every few milliseconds: a file that was changed, read and changed again within one tick
/// looks unchanged afterwards (git calls this "racily clean"). So nothing is remembered of a file whose change time is
/// not safely in the past when the reading begins. What this cannot see: stores into a shared mapping of a page that is
/// dirty already change no time until it is written back.
public final class FileDigests: Sendable {
    private let memory: DigestMemory?
    private let threads: Int

    /// A file of a tree, as it was found.
    struct File: Sendable {
        let path: [UInt8]
        let status: FileStatus
    }

    /// - Parameters:
    ///   - memory: nil remembers nothing.
    ///   - threads: how many files are read at once.
    public init(_ memory: DigestMemory?, threads: Int = 2) {
        self.memory = memory
        self.threads = max(1, threads)
    }

    /// - Throws: ``BuildError`` for a file that cannot be read, or is not any more what was found.
    func digests(
        of files: [File], in tree: SourceTree, _ interruption: Interruption? = nil
    ) throws(BuildError) -> [Digest] {
        let memory = tree.isRemembered ? memory : nil
        var digests = memory?.recall(files.map(\.status)) ?? [Digest?](repeating: nil, count: files.count)
        let unknown = digests.indices.filter { digests[$0] == nil }
        let read = try read(unknown.map { files[$0] }, in: tree, interruption)
        var lasting: [(status: FileStatus, digest: Digest)] = []
        for (index, result) in zip(unknown, read) {
            digests[index] = result.digest
            if result.isSettled { lasting.append((files[index].status, result.digest)) }
        }
        memory?.remember(lasting)
        return digests.compactMap(\.self)
    }

    private struct Reading: Sendable {
        let digest: Digest
        let isSettled: Bool
    }

    private func read(
        _ files: [File], in tree: SourceTree, _ interruption: Interruption?
    ) throws(BuildError) -> [Reading] {
        let results = Locked<[Reading?]>([Reading?](repeating: nil, count: files.count))
        let failure = Locked<BuildError?>(nil)
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, files.count)) { _ in
            // Each thread has directories and a buffer of its own.
            let reader = FileReader(tree, interruption)
            while failure.withLock({ $0 == nil }) {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < files.count else { return }
                do throws(BuildError) {
                    let (digest, isSettled) = try reader.read(files[index])
                    results.withLock { $0[index] = Reading(digest: digest, isSettled: isSettled) }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { $0.compactMap(\.self) }
    }
}
