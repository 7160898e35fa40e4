import CDifferential
import Glibc

/// The differences from kernel overlayfs that Shale means to have, each with the rule of SEMANTICS.md that
/// says so. A rule recognises exactly its difference: what else is wrong at the same place still counts.
enum Meant {
    /// 5.3: holes are kept at copy-up. The kernel fills the holes behind the first data of each MiB, so ours may
    /// have less data than it, never data where it has a hole. (That the bytes are the same is compared apart.)
    static func holesKept(kernel: [Range<Int64>], ours: [Range<Int64>]) -> Bool {
        ours.allSatisfy { extent in
            kernel.contains { $0.lowerBound <= extent.lowerBound && extent.upperBound <= $0.upperBound }
        }
    }

    /// 3.1: listings and lookups agree. The kernel lists whiteouts in directories that it does not merge and then
    /// does not find them, and after a remount has other `d_ino` for files that were linked into a directory of the
    /// upper alone. So contradictions are looked for in our trees, and not compared with the kernel's.
    static func contradictionsCount(in mounter: Mounter) -> Bool {
        !mounter.isKernel
    }

    /// 10.1: the kernel marks every new directory in a merged one as opaque, also where nothing is below. Only
    /// where a lower has a directory of that name does the mark say anything, so only there must both have it.
    static func opaqueOfNothing(_ path: Bytes, other: Node?, _ name: Bytes, below stack: Stack) -> Bool {
        guard let other, other.isDirectory, other.xattr(name) == nil else { return false }
        return !stack.lowers.contains { layer in layer.entry(at: path)?.isDirectory ?? false }
    }

    /// 10.1: a redirect may be spelt from the root or beside the directory. Whether it leads to the right place
    /// shows when the mounts are exchanged.
    static func redirectSpelling(_ xattr: Xattr) -> Xattr {
        Xattr(name: xattr.name, value: [])
    }

    /// 6.1: numbers do not change while an object lives. The kernel's may (a directory that is moved and copied
    /// up without `xino`, say); ours must not, also where its do.
    static func identityIsStricter(than mounter: Mounter) -> Bool {
        !mounter.isKernel
    }

    /// 7.1: RENAME_WHITEOUT works. The kernel refuses it in an overlay, so there a plain rename stands for it: the
    /// merged tree is the same.
    static func forKernel(_ step: Step, _ mounter: Mounter) -> Step {
        guard case .rename(let from, let to, UInt32(CD_RENAME_WHITEOUT)) = step.operation, !mounter.isKernel else {
            return step
        }
        var step = step
        step.operation = .rename(from, to, flags: 0)
        return step
    }

    /// 6.3, 8.1: a file whose last name is gone has no names. The kernel shows the lower's own link count.
    static func withoutNames(_ kernel: String, _ ours: String) -> Bool {
        guard ours.contains(" nlink 0 ") else { return false }
        let rest = ours.split(separator: " ", omittingEmptySubsequences: false)
        let other = kernel.split(separator: " ", omittingEmptySubsequences: false)
        guard rest.count == other.count else { return false }
        return zip(rest, other).enumerated().allSatisfy { index, pair in
            pair.0 == pair.1 || index > 0 && rest[index - 1] == "nlink"
        }
    }

    /// 5.8: a copied-up file whose lower has several names gets one of them in the upper, and is found from the others
    /// through the index. FUSE says which file is opened, not by which name; the kernel takes the name.
    static func namedElsewhere(_ path: Bytes, _ stack: Stack) -> Bool {
        stack.lowers.contains { layer in
            layer.entries.contains { entry in
                guard case .hardLink(let first) = entry.kind else { return false }
                return [entry.path, first].contains { $0 == path || $0.starts(with: path + [0x2f]) }
            }
        }
    }

    /// 5.3: holes are kept, so ours may find a hole where the kernel finds data that it wrote as zeros.
    static func outcome(of step: Step, _ kernel: Outcome, _ ours: Outcome) -> Bool {
        let whence: Int32
        switch step.operation {
        case .slotStat:
            return kernel.code == ours.code
                && withoutNames(String(decoding: kernel.detail, as: UTF8.self), String(decoding: ours.detail, as: UTF8.self))
        case .seek(_, _, let how), .slotSeek(_, _, let how): whence = how
        default: return false
        }
        if whence == Int32(CD_SEEK_DATA) {
            return kernel.succeeded && (ours.code == -Int64(ENXIO) || ours.code >= kernel.code)
        }
        return kernel.succeeded && ours.succeeded && ours.code <= kernel.code
    }
}
