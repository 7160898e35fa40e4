import CDifferential
import Glibc

/// One line, at once: for the parent process, or for people.
func tell(_ line: String, on fd: Int32 = 1) {
    let bytes = Bytes(line + "\n")
    var start = 0
    while start < bytes.count {
        let count = bytes.withUnsafeBytes { write(fd, $0.baseAddress.map { $0 + start }, bytes.count - start) }
        if count <= 0 { exit(3) }
        start += count
    }
}

/// A worker process: runs its share of the sequences, and tells its parent line by line.
struct Worker {
    let options: Options
    let setting: Setting
    let profiles: [Profile]

    init(_ options: Options) throws(Failure) {
        self.options = options
        let number = options.worker ?? 0
        let scratch = Bytes(options.scratch ?? "/var/tmp").appending(Bytes("w\(number)"))
        if scratch.withPath({ mkdir($0, 0o755) }) < 0 && errno != EEXIST {
            throw Failure("make \(scratch.shown): \(errnoName(errno))")
        }
        let environment = Environment.detect()
        let mounter: Mounter = options.mounter == "kernel" ? .kernel : .command(Bytes(options.mounter))
        setting = Setting(
            environment: environment, mounter: mounter, scratch: scratch, operations: options.operations,
            fullEvery: options.fullEvery, verbose: options.verbose, translates: !mounter.isKernel,
            ignored: options.ignored)
        profiles = try Profile.chosen(options, environment)
        _ = cd_die_with_parent()
        _ = cd_adopt_orphans()
        _ = cd_private_mounts()
        _ = cd_no_groups()
        signal(SIGPIPE, SIG_IGN)
    }

    func run() throws(Failure) {
        if let replay = options.replay {
            try self.replay(replay)
        } else {
            try runSequences()
        }
        removeTree(setting.scratch)
    }

    private func runSequences() throws(Failure) {
        let start = time(nil)
        var index = options.worker ?? 0
        while index < options.sequences && time(nil) - start < options.timeLimit {
            let seed = options.firstSeed &+ UInt64(index)
            tell("begin \(seed)")
            try options.concurrency ? concurrently(seed) : sequence(seed)
            index += options.jobs
        }
    }

    private func sequence(_ seed: UInt64) throws(Failure) {
        let (kase, generator, _) = generated(seed)
        let run = SequenceRun(setting, kase)
        let finding = try run.run(generator: generator)
        tell("done \(run.steps.count) \(kase.profile.name)")
        guard let finding else { return }
        var whole = kase
        whole.steps = run.steps
        report(whole, finding, shrinks: options.shrinks)
    }

    private func generated(_ seed: UInt64) -> (Case, OperationGenerator, Vocabulary) {
        let profile = profiles[Int(seed % UInt64(profiles.count))]
        var random = Random(seed: seed)
        let vocabulary = Vocabulary(random: &random, environment: setting.environment, profile: profile)
        let stackRandom = Random(seed: random.next())
        var generator = StackGenerator(random: stackRandom, vocabulary: vocabulary, profile: profile)
        let stack = generator.stack()
        let steps = OperationGenerator(
            random: Random(seed: random.next()), vocabulary: vocabulary, actors: setting.environment.actors)
        return (Case(seed: seed, profile: profile, stack: stack, steps: []), steps, vocabulary)
    }

    private func report(_ kase: Case, _ finding: Finding, shrinks: Bool) {
        var shrinker = Shrinker(kase: kase, finding: finding, seconds: 120) { smaller in
            tell("alive")
            do {
                return try SequenceRun(setting, smaller).run()
            } catch {
                return nil
            }
        }
        if shrinks { shrinker.shrink() }
        let small = shrinker.selection.applied(to: kase)
        let replay = "--replay '\(kase.seed):\(shrinker.selection.text)'" + options.repeated
        Report(small, shrinker.finding, replay: replay).tellParent()
    }

    private func replay(_ text: String) throws(Failure) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let seed = parts.first.flatMap({ UInt64($0) }) else {
            throw Failure("--replay \(text): begins with no seed")
        }
        tell("begin \(seed)")
        var (kase, generator, _) = generated(seed)
        // Made up again by the kernel alone: ours may by now differ earlier than when the case was reported.
        let first = SequenceRun(setting.withKernelAlone, kase)
        _ = try first.run(generator: generator)
        kase.steps = first.steps
        if parts.count > 1 {
            guard let selection = Selection(text: parts[1]) else { throw Failure("--replay \(text): not readable") }
            if let last = selection.steps.max(), last >= kase.steps.count {
                throw Failure("--replay \(text): the sequence ends at step \(kase.steps.count - 1)")
            }
            kase = selection.applied(to: kase)
        }
        let finding = try SequenceRun(setting, kase).run()
        tell("done \(kase.steps.count) \(kase.profile.name)")
        if let finding { Report(kase, finding, replay: "--replay '\(text)'" + options.repeated).tellParent() }
    }

    private func concurrently(_ seed: UInt64) throws(Failure) {
        let (kase, _, vocabulary) = generated(seed)
        let run = ConcurrentRun(setting, kase, vocabulary, threads: options.threads)
        let finding = try run.run()
        tell("done \(run.stepCount) \(kase.profile.name)")
        guard let finding else { return }
        var whole = kase
        whole.steps = run.stepsOfFinding
        let replay = "--concurrency --threads \(options.threads) --seed \(seed)" + options.repeated
        Report(whole, finding, replay: replay).tellParent()
    }
}

extension Profile {
    /// The profiles that the command line asks for.
    static func chosen(_ options: Options, _ environment: Environment) throws(Failure) -> [Profile] {
        var profiles = all(in: environment, userXattrs: options.userXattrs)
        if !options.options.isEmpty {
            let given = options.options
            let indexed = given.contains("index=on") && environment.isInitialRoot
            var one = Profile(name: given.joined(separator: ","), options: given, lowerHardLinks: indexed)
            one.userXattrs = given.contains("userxattr")
            if !environment.isInitialRoot && !one.userXattrs {
                one.options.append("userxattr")
                one.userXattrs = true
            }
            profiles = [one]
        }
        let understands = options.mounter != "kernel" && !options.mounter.hasSuffix("fuse-overlayfs")
        for index in profiles.indices where !understands {
            if options.mounter != "kernel" { profiles[index].whiteoutNames = false }
            profiles[index].ours = []
        }
        if options.mounter == "kernel" {
            for index in profiles.indices { profiles[index].foreignWhiteouts = false }
        }
        profiles = profiles.filter { options.profile.isEmpty || $0.name.contains(options.profile) }
        if profiles.isEmpty {
            let names = all(in: environment, userXattrs: options.userXattrs).map(\.name).joined(separator: " ")
            throw Failure("--profile \(options.profile): no such profile; there are \(names)")
        }
        return profiles
    }
}
