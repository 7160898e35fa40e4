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

    /// 5.1: a copy-up keeps the times, also when a metacopy gets its data. The kernel's is then new.
    static func keepsTimes(_ profile: Profile) -> Bool { profile.options.contains("metacopy=on") }

    /// 6.1: names of one file have one number. The kernel's, without file handles, may have one each.
    static func partsLinks(_ profile: Profile) -> Bool { profile.userXattrs }

    /// What `fstat` shows may differ in the time (``keepsTimes(_:)``), and (6.3, 8.1) in the link count of a file whose
    /// last name is gone: it has none, where the kernel shows the lower's own count.
    static func sameFile(_ kernel: String, _ ours: String, _ profile: Profile) -> Bool {
        let left = kernel.split(separator: " ", omittingEmptySubsequences: false)
        let right = ours.split(separator: " ", omittingEmptySubsequences: false)
        guard left.count == right.count else { return false }
        return zip(left, right).enumerated().allSatisfy { index, pair in
            if pair.0 == pair.1 { return true }
            guard index > 0 else { return false }
            if right[index - 1] == "nlink" { return pair.1 == "0" }
            return right[index - 1] == "mtime" && pair.0 == "now" && keepsTimes(profile)
        }
    }

    /// 5.8: a copied-up file whose lower has several names gets one of them in the upper, and is found from the others
    /// through the index. FUSE says which file is opened, not by which name; the kernel takes the name.
    static func namedElsewhere(_ node: Node?, _ stack: Stack) -> Bool {
        let linked = stack.lowers.flatMap { layer in
            layer.entries.flatMap { entry -> [Bytes] in
                if case .hardLink(let first) = entry.kind { return [entry.path, first] }
                return []
            }
        }
        guard let node, !linked.isEmpty else { return false }
        if !node.isDirectory { return node.stat.nlink > 1 }
        return linked.contains { $0.starts(with: node.path + [0x2f]) }
    }

    /// 5.3: holes are kept, so ours may find a hole where the kernel finds data that it wrote as zeros.
    static func outcome(of step: Step, _ kernel: Outcome, _ ours: Outcome, _ profile: Profile) -> Bool {
        // 8.1: neither can change a lower's directory that is gone; the kernel's word for it is ENOTDIR.
        if kernel.code == -Int64(ENOTDIR), ours.code == -Int64(ENOENT), step.isOnSlot { return true }
        let whence: Int32
        switch step.operation {
        case .slotStat, .stat:
            let shown = [kernel, ours].map { String(decoding: $0.detail, as: UTF8.self) }
            return kernel.code == ours.code && sameFile(shown[0], shown[1], profile)
        case .seek(_, _, let how), .slotSeek(_, _, let how): whence = how
        default: return false
        }
        if whence == Int32(CD_SEEK_DATA) {
            return kernel.succeeded && (ours.code == -Int64(ENXIO) || ours.code >= kernel.code)
        }
        return kernel.succeeded && ours.succeeded && ours.code <= kernel.code
    }
}
