import CDifferential
import Glibc

/// One case: what is mounted how, and what is done to it.
struct Case {
    var seed: UInt64
    var profile: Profile
    var stack: Stack
    var steps: [Step]
}

/// A difference and where it showed.
struct Finding {
    var difference: Difference
    /// The step after which it showed; nil: at the end.
    var step: Int?
    var phase: String
}

/// What the runs of one process have in common.
struct Setting {
    var environment: Environment
    var mounter: Mounter
    var scratch: Bytes
    var operations: Int
    var fullEvery: Int
    var verbose: Bool
    /// Kinds of difference that are overlooked.
    var ignored: Set<String> = []
}

/// Runs one case, from building the stacks to the exchange of the mounts.
final class SequenceRun {
    private let setting: Setting
    private let kase: Case
    private let observer = Observer()
    private let kernelPlace: StackPlace
    private let oursPlace: StackPlace
    private let kernelPoint: Bytes
    private let oursPoint: Bytes
    private var kernelIdentity = IdentityTracker()
    private var oursIdentity = IdentityTracker()
    private(set) var steps: [Step] = []

    init(_ setting: Setting, _ kase: Case) {
        self.setting = setting
        self.kase = kase
        kernelPlace = StackPlace(base: setting.scratch.appending(Bytes("a")), lowerCount: kase.stack.lowers.count)
        oursPlace = StackPlace(base: setting.scratch.appending(Bytes("b")), lowerCount: kase.stack.lowers.count)
        kernelPoint = setting.scratch.appending(Bytes("ma"))
        oursPoint = setting.scratch.appending(Bytes("mb"))
    }

    /// Does the steps of the case, or those that `generator` makes up, and answers the first difference.
    func run(generator: OperationGenerator? = nil) throws(Failure) -> Finding? {
        clean()
        defer { clean() }
        for point in [kernelPoint, oursPoint] { _ = point.withPath { mkdir($0, 0o755) } }
        try kernelPlace.build(kase.stack, prefix: kase.profile.prefix)
        try oursPlace.build(kase.stack, prefix: kase.profile.prefix)
        let last: (kernel: Snapshot, ours: Snapshot)
        switch try live(generator) {
        case .failure(let finding): return finding
        case .success(let snapshots): last = snapshots
        }
        return try afterwards(last)
    }

    private func clean() {
        for point in [kernelPoint, oursPoint] {
            while point.withPath({ cd_umount($0, 1) }) == 0 {}
        }
        for path in [kernelPoint, oursPoint, kernelPlace.base, oursPlace.base] { removeTree(path) }
    }

    // MARK: While mounted

    private enum Lived {
        case success((kernel: Snapshot, ours: Snapshot))
        case failure(Finding)
    }

    private func live(_ generator: OperationGenerator?) throws(Failure) -> Lived {
        let kernel = try Mounted(kernelPlace, at: kernelPoint, by: .kernel, kase.profile)
        let ours: Mounted
        do {
            ours = try Mounted(oursPlace, at: oursPoint, by: setting.mounter, kase.profile)
        } catch {
            kernel.abandon()
            return .failure(Self.refused(error, "mount"))
        }
        let (left, right) = (Executor(mount: kernelPoint), Executor(mount: oursPoint))
        var result: Lived
        do {
            defer {
                left.closeAll()
                right.closeAll()
            }
            result = drive(left, right, generator)
        }
        if case .failure = result {
            kernel.abandon()
            ours.abandon()
            return result
        }
        try kernel.unmount()
        do {
            try ours.unmount()
        } catch {
            result = .failure(Self.refused(error, "unmount"))
        }
        return result
    }

    private static func refused(_ failure: Failure, _ phase: String) -> Finding {
        let difference = Difference(kind: phase, kernel: "works", ours: failure.message)
        return Finding(difference: difference, step: nil, phase: phase)
    }

    private func drive(_ left: Executor, _ right: Executor, _ generator: OperationGenerator?) -> Lived {
        var generator = generator
        var last = (kernel: observer.snapshot(of: kernelPoint), ours: observer.snapshot(of: oursPoint))
        if let found = compare(last, after: nil, nil) {
            return .failure(Finding(difference: found, step: nil, phase: "as mounted"))
        }
        let count = generator == nil ? kase.steps.count : setting.operations
        for index in 0..<count {
            let step: Step
            if generator != nil {
                let open = Set(left.slots.indices.filter { left.slots[$0] != nil })
                step = generator?.next(last.kernel, openSlots: open) ?? Step(operation: .stat([]))
            } else {
                step = kase.steps[index]
            }
            steps.append(step)
            let outcomes = (kernel: left.perform(Meant.forKernel(step, setting.mounter)), ours: right.perform(step))
            if setting.verbose { tell("  \(index): \(step.shown)  =>  \(outcomes.kernel.shown)") }
            if let found = compare(outcomes, of: step) {
                return .failure(Finding(difference: found, step: index, phase: "step \(index)"))
            }
            if (index + 1) % setting.fullEvery != 0 && index + 1 < count { continue }
            last = (observer.snapshot(of: kernelPoint), observer.snapshot(of: oursPoint))
            if let found = compare(last, after: step, outcomes) ?? compareSlots(left, right, last) {
                return .failure(Finding(difference: found, step: index, phase: "after step \(index)"))
            }
        }
        return .success(last)
    }

    /// Compares with a tree that `mounter` shows.
    private func comparison(_ mounter: Mounter, partition: Bool = true) -> TreeComparison {
        TreeComparison(
            scope: TreeComparison.Scope(
                partition: partition, contradictions: Meant.contradictionsCount(in: mounter),
                partsLinks: Meant.partsLinks(kase.profile), namesElsewhere: kase.profile.lowerHardLinks,
                keepsTimes: Meant.keepsTimes(kase.profile), ignored: setting.ignored))
    }

    private func compare(_ outcomes: (kernel: Outcome, ours: Outcome), of step: Step) -> Difference? {
        if outcomes.kernel == outcomes.ours || setting.ignored.contains("result") { return nil }
        if Meant.outcome(of: step, outcomes.kernel, outcomes.ours, kase.profile) { return nil }
        return Difference(kind: "result", kernel: outcomes.kernel.shown, ours: outcomes.ours.shown)
    }

    private func compare(
        _ now: (kernel: Snapshot, ours: Snapshot), after step: Step?, _ outcomes: (kernel: Outcome, ours: Outcome)?
    ) -> Difference? {
        if let found = comparison(setting.mounter).difference(kernel: now.kernel, ours: now.ours) { return found }
        let kernels = kernelIdentity.unstable(after: step?.operation, outcomes?.kernel, now.kernel)
        let ours = oursIdentity.unstable(after: step?.operation, outcomes?.ours, now.ours)
        let strict = Meant.identityIsStricter(than: setting.mounter)
        let isFollowed = setting.fullEvery == 1 && !setting.ignored.contains("inode number")
        if let path = ours.first(where: { isFollowed && (strict || !kernels.contains($0)) }) {
            let text = kernels.contains(path) ? "changed too, but SEMANTICS 6.1" : "the same as before"
            return Difference(kind: "inode number", path: path, kernel: text, ours: "changed")
        }
        let device = now.ours.nodes.first?.stat.dev
        if strict, !setting.ignored.contains("st_dev"),
            let node = now.ours.nodes.first(where: { $0.stat.dev != device })
        {
            return Difference(kind: "st_dev", path: node.path, kernel: "-", ours: "not the mount's (SEMANTICS 6.1)")
        }
        return nil
    }

    /// What open descriptors show, and which of the paths and other descriptors they are.
    private func compareSlots(
        _ left: Executor, _ right: Executor, _ now: (kernel: Snapshot, ours: Snapshot)
    ) -> Difference? {
        let (kernels, ours) = (left.openFiles(), right.openFiles())
        for (kernel, our) in zip(kernels, ours) {
            let path = Bytes("fd\(kernel.slot)")
            if kernel.shown != our.shown && !Meant.sameFile(kernel.shown, our.shown, kase.profile)
                && !setting.ignored.contains("fstat")
            {
                return Difference(kind: "fstat", path: path, kernel: kernel.shown, ours: our.shown)
            }
            let (first, second) = (names(kernel.ino, now.kernel, kernels), names(our.ino, now.ours, ours))
            if first != second && !setting.ignored.contains("fstat: same inode") {
                return Difference(kind: "fstat: same inode", path: path, kernel: first, ours: second)
            }
        }
        return nil
    }

    private func names(_ ino: UInt64, _ tree: Snapshot, _ open: [(slot: Int, shown: String, ino: UInt64)]) -> String {
        let paths = tree.nodes.filter { $0.stat.ino == ino }.map(\.path.shown)
        return (paths + open.filter { $0.ino == ino }.map { "fd\($0.slot)" }).joined(separator: " = ")
    }

    // MARK: After the unmount

    private func afterwards(_ last: (kernel: Snapshot, ours: Snapshot)) throws(Failure) -> Finding? {
        let uppers = (observer.snapshot(of: kernelPlace.upper), observer.snapshot(of: oursPlace.upper))
        let upperComparison = UpperComparison(
            prefix: kase.profile.prefix, stack: kase.stack, keepsTimes: Meant.keepsTimes(kase.profile),
            ignored: setting.ignored)
        if let found = upperComparison.difference(kernel: uppers.0, ours: uppers.1) {
            return Finding(difference: found, step: nil, phase: "uppers")
        }
        let again: (kernel: Snapshot, ours: Snapshot)
        do {
            again = try trees(kernelPlace, by: .kernel, oursPlace, by: setting.mounter)
        } catch { return Self.refused(error, "remount") }
        if let found = remounted(again, last) { return Finding(difference: found, step: nil, phase: "remounted") }
        let exchanged: (Snapshot, Snapshot)
        do {
            exchanged = try trees(oursPlace, by: .kernel, kernelPlace, by: setting.mounter)
        } catch { return Self.refused(error, "exchange of the mounts") }
        // With the kernel's partition after a remount, which without file handles is finer than before.
        if let found = comparison(.kernel).difference(kernel: again.kernel, ours: exchanged.0) {
            return Finding(difference: found, step: nil, phase: "kernel over our upper")
        }
        let reference = setting.mounter.isKernel ? again.kernel : last.kernel
        if let found = comparison(setting.mounter).difference(kernel: reference, ours: exchanged.1) {
            return Finding(difference: found, step: nil, phase: "ours over the kernel's upper")
        }
        return nil
    }

    /// Mounts one place at each point, looks, and unmounts.
    private func trees(
        _ kernel: StackPlace, by first: Mounter, _ ours: StackPlace, by second: Mounter
    ) throws(Failure) -> (Snapshot, Snapshot) {
        let left = try Mounted(kernel, at: kernelPoint, by: first, kase.profile)
        let one = observer.snapshot(of: kernelPoint)
        try left.unmount()
        let right = try Mounted(ours, at: oursPoint, by: second, kase.profile)
        let two = observer.snapshot(of: oursPoint)
        try right.unmount()
        return (one, two)
    }

    private func remounted(
        _ again: (kernel: Snapshot, ours: Snapshot), _ last: (kernel: Snapshot, ours: Snapshot)
    ) -> Difference? {
        if let found = comparison(.kernel, partition: false).difference(kernel: last.kernel, ours: again.kernel) {
            return Difference(kind: "kernel: " + found.kind, path: found.path, kernel: found.kernel, ours: found.ours)
        }
        let whole = comparison(setting.mounter, partition: setting.mounter.isKernel)
        if let found = whole.difference(kernel: again.kernel, ours: again.ours) { return found }
        // 5.8: what was one object still is.
        if !setting.mounter.isKernel, let found = whole.partition(last.ours, again.ours) {
            return Difference(kind: found.kind, path: found.path, kernel: "before: " + found.kernel, ours: found.ours)
        }
        let kernels = kernelIdentity.differing(from: again.kernel)
        let ours = oursIdentity.differing(from: again.ours)
        let strict = Meant.identityIsStricter(than: setting.mounter)
        let isFollowed = !setting.ignored.contains("inode number")
        if let path = ours.first(where: { isFollowed && (strict || !kernels.contains($0)) }) {
            let text = kernels.contains(path) ? "changed too, but SEMANTICS 6.2" : "the same as before"
            return Difference(kind: "inode number", path: path, kernel: text, ours: "changed")
        }
        return nil
    }
}
