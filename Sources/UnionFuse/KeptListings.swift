import Linux
import Union

/// Listings that are being read. Directories are opened without a message (FUSE_NO_OPENDIR_SUPPORT), so nobody says who reads
/// or where it ends: the latest few are kept. A reader whose listing has gone goes on in another one, because cookies
/// come from the names.
final class KeptListings: Sendable {
    private struct Kept {
        let directory: UInt64
        let listing: Listing
    }

    private static let most = 16
    /// The latest last.
    private let kept = Locked<[Kept]>([])

    /// The listing of a directory; a new one for who begins.
    func listing(_ union: Union, _ node: NodeID, begins: Bool) throws(Errno) -> Listing {
        let directory = try union.serial(ofDirectory: node)
        if !begins, let listing = find(directory) { return listing }
        let listing = try union.list(node)
        kept.withLock { kept in
            kept.removeAll { $0.directory == directory }
            if kept.count == Self.most { kept.removeFirst() }
            kept.append(Kept(directory: directory, listing: listing))
        }
        return listing
    }

    private func find(_ directory: UInt64) -> Listing? {
        kept.withLock { kept in kept.last { $0.directory == directory }?.listing }
    }

    /// Somebody has read it to its end.
    func drop(_ union: Union, _ node: NodeID) {
        guard let directory = try? union.serial(ofDirectory: node) else { return }
        kept.withLock { kept in kept.removeAll { $0.directory == directory } }
    }
}
