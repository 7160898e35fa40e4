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

    /// 10.1: the kernel marks every new directory in a merged one as opaque, also where nothing is below. The mark
    /// says something only where there is, so only there must both have it.
    static func opaqueOfNothing(_ path: Bytes, _ upper: UpperMeaning) -> Bool {
        !upper.hidesDirectory(at: path)
    }

    /// 7.1: RENAME_WHITEOUT leaves a whiteout in ours, where the kernel's plain rename may leave nothing.
    static func withoutLeftWhiteouts(_ ours: Snapshot, like kernel: Snapshot) -> Snapshot {
        ours.filtered { path in kernel[path] != nil || !(ours[path]?.isWhiteout ?? false) }
    }

    /// 5.8: when a file with several names in a lower is copied up, the upper gets one of them. The kernel knows by which
    /// it was reached, a FUSE server only the file: any name of it stands for all. Leaves those names out that the other
    /// upper lacks but has under another one; what is written in `nlink` marks both.
    static func withoutNamesOfCopiedLinks(_ upper: Snapshot, unlike other: Snapshot, _ prefix: String) -> Snapshot {
        let mark = Bytes(prefix + "nlink")
        let others = other.nodes.filter { $0.xattr(mark) != nil && !$0.isDirectory }
        return upper.filtered { path in
            guard other[path] == nil, let node = upper[path], node.xattr(mark) != nil else { return true }
            return !others.contains { $0.type == node.type && $0.content == node.content && $0.target == node.target }
        }
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
    static func forKernel(_ step: Step) -> Step {
        guard case .rename(let from, let to, UInt32(CD_RENAME_WHITEOUT)) = step.operation else { return step }
        var step = step
        step.operation = .rename(from, to, flags: 0)
        return step
    }

    /// 5.7: a shared mapping that was made before the copy-up shows what is written after it. The kernel's shows
    /// the lower's file for ever.
    static let mappedUnlikeRead = Bytes("mapped is not what is read")

    private static func mapping(_ kernel: Outcome, _ ours: Outcome) -> Bool {
        kernel.detail == mappedUnlikeRead && ours.detail.starts(with: Bytes("mapped as read"))
            && ours.code == kernel.code
    }

    /// 5.1: the time stays when `metacopy` data are copied up at last because somebody opens the file for writing. The
    /// kernel's becomes the present, although nothing is written. Answers the time that ours may go on showing.
    static func timeKept(_ step: Step, _ outcome: Outcome, kernel: Node, ours: Node, _ profile: Profile) -> SetTime? {
        guard profile.options.contains("metacopy=on"), kernel.isFile, ours.isFile,
            step.operation.opensToWrite, !step.operation.writes || !outcome.succeeded || outcome.code == 0,
            kernel.stat.comparableMtime == .now
        else { return nil }
        return ours.stat.comparableMtime
    }

    /// 5.8, 6.1: the names of a file have one number. Where it cannot decode file handles, that is in a user
    /// namespace, the kernel shows different ones for a file that came from a lower.
    static func linksShareNumber(_ ours: Node) -> Bool {
        !ours.isDirectory && ours.stat.nlink > 1
    }

    /// 5.8: the names of a file have one size, owner and mode. Where the kernel gives each name its own number, it goes by
    /// what it remembers of that name: copy_file_range stops at an old end, an old owner may not open it any more.
    static func knowsAttributes(of node: Node?, _ vocabulary: Vocabulary) -> Bool {
        vocabulary.isInitialRoot || (node?.stat.nlink ?? 2) == 1
    }

    /// 5.8: fchmod(2), fchown(2), fsetxattr(2) and linkat(2) of a descriptor through FUSE do not say by which name a file
    /// was opened, so what it copies up gets another of its names.
    static func tellsName(of node: Node?, _ vocabulary: Vocabulary) -> Bool {
        !vocabulary.hasLowerLinks || (node?.stat.nlink ?? 2) == 1
    }

    /// 8.2: copy_file_range works between any two files of a mount. The kernel answers EXDEV when the real files are on
    /// different file systems; there reading and writing stands for it.
    static func copiesAcross(_ mounter: Mounter, _ setting: Setting) -> Bool {
        mounter.isKernel && setting.translates
    }

    /// 6.3: what was deleted has no names. The kernel says 1 or 2 of a deleted directory that is still open, and 1 of a
    /// lower's file that was deleted with a directory around it.
    static func deletedHasNoLinks(_ kernel: OpenFile, _ ours: OpenFile, isDeleted: Bool) -> Bool {
        isDeleted && ours.stat.nlink == 0 && ours.shown(withLinksOf: kernel) == kernel.shown
    }

    /// 8.1: a lower's file that was deleted while it is open can be changed through its descriptor. Without an index the
    /// kernel copies it up to the name that it had, finds the whiteout there, and says EEXIST, or ENOENT where the
    /// directory is gone too. What the descriptor shows from then on is not the same, so it is closed on both sides.
    static func deletedIsChanged(_ step: Step, _ kernel: Outcome, _ ours: Outcome) -> Int? {
        guard [-Int64(EEXIST), -Int64(ENOENT)].contains(kernel.code), ours.code >= 0 else { return nil }
        switch step.operation {
        case .slotChmod(let slot, _), .slotChown(let slot, _, _), .slotSetXattr(let slot, _): return slot
        default: return nil
        }
    }

    /// 5.3: holes are kept, so ours may find a hole where the kernel finds data that it wrote as zeros.
    static func outcome(of step: Step, _ kernel: Outcome, _ ours: Outcome) -> Bool {
        if deletedIsChanged(step, kernel, ours) != nil { return true }
        let whence: Int32
        switch step.operation {
        case .seek(_, _, let how), .slotSeek(_, _, let how): whence = how
        case .slotMapRead: return mapping(kernel, ours)
        // 7.1: a rename between two names of one file does nothing. Without file handles the kernel says ESTALE.
        case .rename: return kernel.code == -Int64(ESTALE) && ours.code == 0
        // Compared apart after every step, with `deletedHasNoLinks`.
        case .slotStat: return kernel.succeeded && ours.succeeded
        default: return false
        }
        if whence == Int32(CD_SEEK_DATA) {
            return kernel.succeeded && (ours.code == -Int64(ENXIO) || ours.code >= kernel.code)
        }
        return kernel.succeeded && ours.succeeded && ours.code <= kernel.code
    }
}
