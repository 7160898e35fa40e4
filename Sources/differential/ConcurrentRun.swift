import CDifferential
import Glibc

/// Several threads at once on each mount: each has a directory of its own, where all must go as in the kernel, and
/// all fight over one more (see `Contest`). Compared at rest, after a remount, and with the mounts exchanged.
final class ConcurrentRun {
    private final class Share {
        var steps: [Step] = []
        var outcomes: [Outcome] = []
        var tally = Contest.Tally()
        var difference: Finding?
    }

    private let setting: Setting
    private let kase: Case
    private let threads: Int
    private let vocabulary: Vocabulary
    private let places: (kernel: StackPlace, ours: StackPlace)
    private let points: (kernel: Bytes, ours: Bytes)
    private let observer = Observer()
    private(set) var stepCount = 0

    /// Reports of a thread name its steps.
    private(set) var stepsOfFinding: [Step] = []

    init(_ setting: Setting, _ kase: Case, _ vocabulary: Vocabulary, threads: Int) {
        self.setting = setting
        self.threads = threads
        self.vocabulary = vocabulary
        self.kase = Self.widened(kase, threads)
        let base = setting.scratch
        let count = kase.stack.lowers.count
        places = (
            StackPlace(base: base.appending(Bytes("a")), lowerCount: count),
            StackPlace(base: base.appending(Bytes("b")), lowerCount: count)
        )
        points = (base.appending(Bytes("ma")), base.appending(Bytes("mb")))
    }

    /// The stack, once below a directory for each thread, and what the contest needs in the lowest layer.
    private static func widened(_ kase: Case, _ threads: Int) -> Case {
        var result = kase
        func widened(_ layer: Layer) -> Layer {
            var entries = layer.entries.filter(\.path.isEmpty)
            for thread in 0..<threads {
                for var entry in layer.entries {
                    if case .hardLink(let first) = entry.kind { entry.kind = .hardLink(own(thread).appending(first)) }
                    entry.path = own(thread).appending(entry.path)
                    entries.append(entry)
                }
            }
            return Layer(entries: entries, isForeign: layer.isForeign)
        }
        result.stack.upper = widened(kase.stack.upper)
        result.stack.lowers = kase.stack.lowers.map(widened)
        let lowest = result.stack.lowers.count - 1
        if lowest >= 0 { result.stack.lowers[lowest].entries += Contest.entries }
        return result
    }

    private static func own(_ thread: Int) -> Bytes {
        Bytes("thread\(thread)")
    }

    func run() throws(Failure) -> Finding? {
        clean()
        defer { clean() }
        for point in [points.kernel, points.ours] { _ = point.withPath { mkdir($0, 0o755) } }
        try places.kernel.build(kase.stack, prefix: kase.profile.prefix)
        try places.ours.build(
            kase.stack, prefix: kase.profile.prefix, setting.spelling(of: kase.profile))
        let kernel = try Mounted(places.kernel, at: points.kernel, by: .kernel, kase.profile)
        defer { kernel.abandon() }
        let ours: Mounted
        do {
            ours = try Mounted(places.ours, at: points.ours, by: setting.mounter, kase.profile)
        } catch { return finding("mount", "works", error.message) }
        defer { ours.abandon() }
        let shares = (0..<threads).map { _ in Share() }
        try Threads.run(threads) { self.invent($0, shares[$0]) }
        var trees = (kernel: observer.snapshot(of: points.kernel), ours: Snapshot())
        let kernelFaults = Contest.faults(trees.kernel, shares.map(\.tally), mount: points.kernel)
        if let fault = kernelFaults.first { return finding("kernel: shared directory", fault, "-") }
        try Threads.run(threads) { self.follow($0, shares[$0]) }
        stepCount = shares.reduce(0) { $0 + $1.steps.count }
        if let share = shares.first(where: { $0.difference != nil }) {
            stepsOfFinding = share.steps
            return share.difference
        }
        trees.ours = observer.snapshot(of: points.ours)
        if let found = atRest(trees, shares.map(\.tally)) { return found }
        do {
            try kernel.unmount()
            try ours.unmount()
        } catch { return finding("unmount", "works", error.message) }
        return try afterwards(trees)
    }

    private func clean() {
        for point in [points.kernel, points.ours] {
            while point.withPath({ cd_umount($0, 1) }) == 0 {}
        }
        for path in [points.kernel, points.ours] { removeTree(path) }
        places.kernel.remove()
        places.ours.remove()
    }

    private func finding(_ kind: String, _ kernel: String, _ ours: String) -> Finding {
        Finding(
            difference: Difference(kind: kind, kernel: kernel, ours: ours), step: nil, phase: "concurrency: " + kind)
    }

    // MARK: Threads

    private func contest(_ thread: Int, _ mount: Bytes) -> Contest {
        Contest(mount: mount, thread: thread, random: Random(seed: kase.seed &* 977 &+ UInt64(thread)))
    }

    /// On the kernel's mount: makes up steps, and notes what came of them.
    private func invent(_ thread: Int, _ share: Share) {
        let root = points.kernel.appending(Self.own(thread))
        let executor = Executor(mount: root, copiesAcross: Meant.copiesAcross(.kernel, setting))
        let observer = Observer()
        var fight = contest(thread, points.kernel)
        var generator = OperationGenerator(
            random: Random(seed: kase.seed &* 1009 &+ UInt64(thread)), vocabulary: vocabulary,
            actors: setting.environment.actors)
        for _ in 0..<setting.operations {
            let open = Set(executor.slots.indices.filter { executor.slots[$0] != nil })
            let step = generator.next(observer.snapshot(of: root), openSlots: open)
            share.steps.append(step)
            share.outcomes.append(executor.perform(setting.translates ? Meant.forKernel(step) : step))
            fight.strike()
        }
        executor.closeAll()
        share.tally = fight.tally
    }

    /// On our mount: the same steps, compared one by one.
    private func follow(_ thread: Int, _ share: Share) {
        let executor = Executor(mount: points.ours.appending(Self.own(thread)))
        var fight = contest(thread, points.ours)
        for (index, step) in share.steps.enumerated() {
            let outcome = executor.perform(step)
            let expected = share.outcomes[index]
            let same = outcome == expected || Meant.outcome(of: step, expected, outcome)
            if !same && share.difference == nil && !setting.ignored.contains("result") {
                let text = "\(step.shown) in \(Self.own(thread).shown): \(outcome.shown)"
                share.difference = finding("result", expected.shown, text)
            }
            fight.strike()
            if index % 7 == 0 { _ = points.ours.withPath { access($0, R_OK) } }
        }
        executor.closeAll()
        share.tally = fight.tally
    }

    // MARK: At rest

    private func comparison(_ mounter: Mounter) -> TreeComparison {
        TreeComparison(
            scope: TreeComparison.Scope(
                partition: false, contradictions: Meant.contradictionsCount(in: mounter), ignored: setting.ignored))
    }

    private func atRest(_ trees: (kernel: Snapshot, ours: Snapshot), _ tallies: [Contest.Tally]) -> Finding? {
        if let fault = Contest.faults(trees.ours, tallies, mount: points.ours).first {
            return finding("shared directory", "-", fault)
        }
        let private1 = trees.kernel.filtered { !$0.isWithin(Contest.directory) }
        var private2 = trees.ours.filtered { !$0.isWithin(Contest.directory) }
        private2.contradictions = trees.ours.contradictions
        if let found = comparison(setting.mounter).difference(kernel: private1, ours: private2) {
            return Finding(difference: found, step: nil, phase: "concurrency: at rest")
        }
        return nil
    }

    private func afterwards(_ last: (kernel: Snapshot, ours: Snapshot)) throws(Failure) -> Finding? {
        let rounds: [(String, StackPlace, Mounter, Snapshot)] = [
            ("remount", places.kernel, .kernel, last.kernel),
            ("remount", places.ours, setting.mounter, last.ours),
            ("kernel over our upper", places.ours, .kernel, last.ours),
            ("ours over the kernel's upper", places.kernel, setting.mounter, last.kernel),
        ]
        for (phase, place, mounter, expected) in rounds {
            if phase == "kernel over our upper" && kase.profile.foreignWhiteouts { continue }
            let now: Snapshot
            do {
                let mounted = try Mounted(place, at: points.ours, by: mounter, kase.profile)
                now = observer.snapshot(of: points.ours)
                try mounted.unmount()
            } catch { return finding(phase, "works", error.message) }
            if let found = comparison(mounter).difference(kernel: expected, ours: now) {
                return Finding(difference: found, step: nil, phase: "concurrency: " + phase)
            }
        }
        return nil
    }
}
