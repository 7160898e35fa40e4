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
    /// Whether the kernel gets what stands for an operation that it does not have.
    var translates: Bool
    /// Kinds of difference that are overlooked.
    var ignored: Set<String> = []

    /// How whiteouts are spelt in our copy of a stack.
    func spelling(of profile: Profile) -> StackBuilder.Spelling {
        mounter.isKernel ? .init() : .init(inNames: profile.foreignWhiteouts, byAttribute: understandsAttributes)
    }

    /// fuse-overlayfs does not read whiteout attributes.
    private var understandsAttributes: Bool {
        guard case .command(let path) = mounter else { return true }
        return path.lastName != Bytes("fuse-overlayfs")
    }

    /// No file handles in user namespaces.
    var kernelSplitsLinks: Bool { translates && !environment.isInitialRoot }

    /// With the kernel on both sides, as if ours were there: to make up a sequence again.
    var withKernelAlone: Setting {
        var result = self
        result.mounter = .kernel
        return result
    }
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
    private var keptTimes: Set<SetTime> = []
    private var timesBefore: Set<SetTime> = []

    init(_ setting: Setting, _ kase: Case) {
        self.setting = setting
        var kase = kase
        kase.stack = kase.stack.withoutIdleWhiteouts
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
        try oursPlace.build(
            kase.stack, prefix: kase.profile.prefix, setting.spelling(of: kase.profile))
        let last: (kernel: Snapshot, ours: Snapshot)
        switch try live(generator) {
        case .failure(let finding): return finding
        case .success(let snapshots): last = snapshots
        }
        let after = AfterUnmount(
            setting: setting, kase: kase, places: (kernelPlace, oursPlace), points: (kernelPoint, oursPoint),
            identities: (kernelIdentity, oursIdentity), observer: observer, steps: steps, keptTimes: keptTimes)
        return try after.finding(last)
    }

    private func clean() {
        for point in [kernelPoint, oursPoint] {
            while point.withPath({ cd_umount($0, 1) }) == 0 {}
        }
        for path in [kernelPoint, oursPoint] { removeTree(path) }
        kernelPlace.remove()
        oursPlace.remove()
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
            return .failure(Finding(refused: error, phase: "mount"))
        }
        let (left, right) = (
            Executor(mount: kernelPoint, copiesAcross: Meant.copiesAcross(.kernel, setting)),
            Executor(mount: oursPoint, copiesAcross: Meant.copiesAcross(setting.mounter, setting))
        )
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
            result = .failure(Finding(refused: error, phase: "unmount"))
        }
        return result
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
            let translated = setting.translates ? Meant.forKernel(step) : step
            let ours = setting.mounter.isKernel ? translated : step
            let outcomes = (kernel: left.perform(translated), ours: right.perform(ours))
            if setting.verbose { tell("  \(index): \(step.shown)  =>  \(outcomes.kernel.shown)") }
            if let found = compare(outcomes, of: step) {
                return .failure(Finding(difference: found, step: index, phase: "step \(index)"))
            }
            if let slot = Meant.deletedIsChanged(step, outcomes.kernel, outcomes.ours) {
                for side in [left, right] { _ = side.perform(Step(operation: .slotClose(slot))) }
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
                partition: partition, kernelSplitsLinks: setting.kernelSplitsLinks,
                contradictions: Meant.contradictionsCount(in: mounter), ignored: setting.ignored,
                keptTimes: keptTimes))
    }

    private func compare(_ outcomes: (kernel: Outcome, ours: Outcome), of step: Step) -> Difference? {
        if outcomes.kernel == outcomes.ours || setting.ignored.contains("result") { return nil }
        if Meant.outcome(of: step, outcomes.kernel, outcomes.ours) { return nil }
        return Difference(kind: "result", kernel: outcomes.kernel.shown, ours: outcomes.ours.shown)
    }

    private func compare(
        _ now: (kernel: Snapshot, ours: Snapshot), after step: Step?, _ outcomes: (kernel: Outcome, ours: Outcome)?
    ) -> Difference? {
        noteKeptTimes(now, step, outcomes)
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

    private func noteKeptTimes(
        _ now: (kernel: Snapshot, ours: Snapshot), _ step: Step?, _ outcomes: (kernel: Outcome, ours: Outcome)?
    ) {
        defer { timesBefore = Set(now.kernel.nodes.map(\.stat.comparableMtime)) }
        guard let step, let outcomes, step.operation.opensToWrite else { return }
        for node in now.ours.nodes {
            guard let kernel = now.kernel[node.path],
                let time = Meant.timeKept(step, outcomes.ours, kernel: kernel, ours: node, kase.profile)
            else { continue }
            if timesBefore.contains(time) { keptTimes.insert(time) }
        }
    }

    /// What open descriptors show, and which of the paths and other descriptors they are.
    private func compareSlots(
        _ left: Executor, _ right: Executor, _ now: (kernel: Snapshot, ours: Snapshot)
    ) -> Difference? {
        let (kernels, ours) = (left.openFiles(), right.openFiles())
        for (kernel, var our) in zip(kernels, ours) {
            if kernel.stat.comparableMtime == .now && keptTimes.contains(our.stat.comparableMtime) {
                our.takeTime(of: kernel)
            }
            let path = Bytes("fd\(kernel.slot)")
            let paths = now.ours.paths(of: our.stat)
            if kernel.shown != our.shown && !setting.ignored.contains("fstat")
                && !Meant.deletedHasNoLinks(kernel, our, isDeleted: paths.isEmpty)
            {
                return Difference(kind: "fstat", path: path, kernel: kernel.shown, ours: our.shown)
            }
            if setting.ignored.contains("fstat: same inode") { continue }
            let first = now.kernel.paths(of: kernel.stat) + Self.slots(kernels, of: kernel.stat)
            let second = paths + Self.slots(ours, of: our.stat)
            if first == second { continue }
            let isFiner = setting.kernelSplitsLinks && Set(first).isSubset(of: second)
            if isFiner { continue }
            return Difference(
                kind: "fstat: same inode", path: path, kernel: first.joined(separator: " = "),
                ours: second.joined(separator: " = "))
        }
        return nil
    }

    private static func slots(_ open: [OpenFile], of stat: cd_stat) -> [String] {
        open.filter { $0.stat.ino == stat.ino && $0.stat.dev == stat.dev }.map { "fd\($0.slot)" }
    }
}

extension Snapshot {
    /// The names of one object.
    fileprivate func paths(of stat: cd_stat) -> [String] {
        nodes.filter { $0.stat.ino == stat.ino && $0.stat.dev == stat.dev }.map(\.path.shown)
    }
}
