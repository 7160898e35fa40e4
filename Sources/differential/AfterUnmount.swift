import CDifferential
import Glibc

/// What is compared once both mounts are gone: the uppers as they are on disk, the trees after a remount, with the
/// mounts exchanged, and with the upper as one more lower of a mount that cannot be written.
struct AfterUnmount {
    typealias Pair<Value> = (kernel: Value, ours: Value)

    let setting: Setting
    let kase: Case
    let places: Pair<StackPlace>
    let points: Pair<Bytes>
    let identities: Pair<IdentityTracker>
    let observer: Observer
    /// What was done.
    let steps: [Step]
    let keptTimes: Set<SetTime>

    /// The first difference from `last`, the trees as they were before the unmount.
    func finding(_ last: Pair<Snapshot>) throws(Failure) -> Finding? {
        if let found = uppers() { return found }
        let again: Pair<Snapshot>
        do {
            again = (
                try show(places.kernel, at: points.kernel, by: .kernel),
                try show(places.ours, at: points.ours, by: setting.mounter)
            )
        } catch { return Finding(refused: error, phase: "remount") }
        if let found = remounted(again, last) { return Finding(difference: found, step: nil, phase: "remounted") }
        if let found = exchanged(again, last) { return found }
        return try asLower()
    }

    private func show(_ place: StackPlace, at point: Bytes, by mounter: Mounter) throws(Failure) -> Snapshot {
        let mounted = try Mounted(place, at: point, by: mounter, kase.profile)
        let snapshot = observer.snapshot(of: point)
        try mounted.unmount()
        return snapshot
    }

    private func comparison(_ mounter: Mounter, links: Bool = true, partition: Bool = true) -> TreeComparison {
        let contradictions = Meant.contradictionsCount(in: mounter)
        return TreeComparison(
            scope: TreeComparison.Scope(
                links: links, partition: partition, kernelSplitsLinks: setting.kernelSplitsLinks,
                contradictions: contradictions, ignored: setting.ignored,
                keptTimes: keptTimes))
    }

    private func uppers() -> Finding? {
        let snapshots = (observer.snapshot(of: places.kernel.upper), observer.snapshot(of: places.ours.upper))
        var comparison = UpperComparison(
            prefix: kase.profile.prefix, stack: kase.stack, ignored: setting.ignored, keptTimes: keptTimes)
        comparison.hasRenamedWithWhiteout = steps.contains(where: \.leavesWhiteout)
        guard let found = comparison.difference(kernel: snapshots.0, ours: snapshots.1) else { return nil }
        return Finding(difference: found, step: nil, phase: "uppers")
    }

    private func remounted(_ again: Pair<Snapshot>, _ last: Pair<Snapshot>) -> Difference? {
        if let found = comparison(.kernel, partition: false).difference(kernel: last.kernel, ours: again.kernel) {
            return Difference(kind: "kernel: " + found.kind, path: found.path, kernel: found.kernel, ours: found.ours)
        }
        let whole = comparison(setting.mounter, partition: setting.mounter.isKernel)
        if let found = whole.difference(kernel: again.kernel, ours: again.ours) { return found }
        // 5.8: what was one object still is.
        if !setting.mounter.isKernel, let found = whole.partition(last.ours, again.ours) {
            return Difference(kind: found.kind, path: found.path, kernel: "before: " + found.kernel, ours: found.ours)
        }
        // 6.2: numbers survive where all is on one file system.
        if setting.ignored.contains("inode number") || kase.stack.lowers.contains(where: \.isForeign) { return nil }
        let kernels = identities.kernel.differing(from: again.kernel)
        let ours = identities.ours.differing(from: again.ours)
        let strict = Meant.identityIsStricter(than: setting.mounter)
        guard let path = ours.first(where: { strict || !kernels.contains($0) }) else { return nil }
        let text = kernels.contains(path) ? "changed too, but SEMANTICS 6.2" : "the same as before"
        return Difference(kind: "inode number", path: path, kernel: text, ours: "changed")
    }

    private func exchanged(_ again: Pair<Snapshot>, _ last: Pair<Snapshot>) -> Finding? {
        do {
            if !kase.profile.foreignWhiteouts {
                let tree = try show(places.ours, at: points.kernel, by: .kernel)
                // With the kernel's partition after a remount, which without file handles is finer than before.
                if let found = comparison(.kernel).difference(kernel: again.kernel, ours: tree) {
                    return Finding(difference: found, step: nil, phase: "kernel over our upper")
                }
            }
            let tree = try show(places.kernel, at: points.ours, by: setting.mounter)
            let expected = setting.mounter.isKernel ? again.kernel : last.kernel
            if let found = comparison(setting.mounter).difference(kernel: expected, ours: tree) {
                return Finding(difference: found, step: nil, phase: "ours over the kernel's upper")
            }
            return nil
        } catch { return Finding(refused: error, phase: "exchange of the mounts") }
    }

    // MARK: Read-only

    private func asLower() throws(Failure) -> Finding? {
        let kernel = try Mounted(places.kernel, at: points.kernel, by: .kernel, kase.profile, readOnly: true)
        defer { kernel.abandon() }
        let ours: Mounted
        do {
            ours = try Mounted(places.ours, at: points.ours, by: setting.mounter, kase.profile, readOnly: true)
        } catch { return Finding(refused: error, phase: "mount with the upper as a lower") }
        defer { ours.abandon() }
        let trees = (observer.snapshot(of: points.kernel), observer.snapshot(of: points.ours))
        // Link counts of a lower's files are the disk's, with those names that an index holds.
        if let found = comparison(setting.mounter, links: false).difference(kernel: trees.0, ours: trees.1) {
            return Finding(difference: found, step: nil, phase: "the upper as a lower")
        }
        let (left, right) = (Executor(mount: points.kernel), Executor(mount: points.ours))
        for operation in Self.attempts(trees.0) {
            let step = Step(operation: operation)
            let (one, other) = (left.perform(step), right.perform(step))
            if one == other || setting.ignored.contains("result") { continue }
            let found = Difference(
                kind: "read-only result", kernel: one.shown, ours: other.shown + " from " + step.shown)
            return Finding(difference: found, step: nil, phase: "the upper as a lower, read-only")
        }
        do {
            try ours.unmount()
            try kernel.unmount()
        } catch { return Finding(refused: error, phase: "unmount") }
        return nil
    }

    /// Every way to change something, which all have to fail (1.2).
    private static func attempts(_ tree: Snapshot) -> [Operation] {
        let new = Bytes("no such name")
        var operations: [Operation] = [
            .makeDirectory(new, 0o755), .open(new, flags: O_WRONLY | O_CREAT, mode: 0o644, write: nil, slot: nil),
            .symlink(new, target: new), .chmod([], 0o700), .unlink(new), .removeDirectory(new),
            .makeNode(new, mode: UInt32(S_IFIFO) | 0o600, major: 0, minor: 0), .statFilesystem([]),
            .temporary([], mode: 0o600, write: Payload(seed: 1, length: 1), link: [], slot: nil),
        ]
        for node in [tree.nodes.first(where: \.isFile), tree.nodes.last(where: \.isDirectory)].compactMap({ $0 }) {
            let path = node.path
            let xattr = Xattr(name: Bytes("user.a"), value: Bytes("1"))
            operations += [
                .chmod(path, 0o600), .chown(path, 0, 0), .setXattr(path, xattr, flags: 0), .unlink(path),
                .removeXattr(path, Bytes("user.a")), .rename(path, new, flags: 0), .removeDirectory(path),
                .setTimes(path, atime: 1, mtime: 1, nanoseconds: 0), .truncate(path, 0), .link(path, new),
                .open(path, flags: O_RDWR | O_NONBLOCK, mode: 0, write: nil, slot: nil), .access(path, W_OK),
                .open(path, flags: O_RDONLY | O_TRUNC | O_NONBLOCK, mode: 0, write: nil, slot: nil), .stat(path),
                .open(path, flags: O_RDONLY | O_NONBLOCK, mode: 0, write: nil, slot: nil),
            ]
        }
        return operations
    }
}

extension Finding {
    /// Where a mount or an unmount itself does not work on our side.
    init(refused failure: Failure, phase: String) {
        let difference = Difference(kind: phase, kernel: "works", ours: failure.message)
        self.init(difference: difference, step: nil, phase: phase)
    }
}
