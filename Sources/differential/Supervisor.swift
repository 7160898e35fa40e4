import CDifferential
import Glibc

/// Set when a signal asks for the end.
nonisolated(unsafe) private var isStopping: sig_atomic_t = 0

/// The parent process: starts workers, gathers what they find, cleans up after them whatever happens.
final class Supervisor {
    /// How long a worker may be silent before its mount helper is killed, which ends what hangs in it.
    private static let patience = 30

    private struct Child {
        var number: Int
        var pid: pid_t
        var fd: Int32
        var buffer = Bytes()
        var report = Report()
        var seed = "?"
        var heard = time(nil)
        var warned = false
    }

    private let options: Options
    private let arguments: [Bytes]
    private let scratch: Bytes
    private let ownsScratch: Bool
    private var children: [Child] = []
    private var sequences = 0
    private var operations = 0
    private var profiles: [String: Int] = [:]
    private var reports: [Report] = []
    private var troubles: [String] = []

    init(_ options: Options, _ arguments: [Bytes]) throws(Failure) {
        self.options = options
        self.arguments = arguments
        let parent = Bytes(options.scratch ?? "/var/tmp")
        scratch = parent.appending(Bytes("shale-differential-\(getpid())"))
        ownsScratch = true
        if scratch.withPath({ mkdir($0, 0o755) }) < 0 { throw Failure("make \(scratch.shown): \(errnoName(errno))") }
    }

    /// 0: no difference. 1: differences. 2: the tester itself could not go on.
    func run() -> Int32 {
        let start = time(nil)
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in isStopping = 1 } }
        _ = cd_adopt_orphans()
        let jobs = options.replay == nil ? min(options.jobs, options.sequences) : 1
        for number in 0..<jobs { startWorker(number, of: jobs) }
        var nextNews = start + 30
        while !children.isEmpty {
            listen()
            if isStopping != 0 || reports.count >= options.failures || !troubles.isEmpty { stopWorkers() }
            watch()
            if time(nil) >= nextNews && options.format == .text {
                nextNews = time(nil) + 30
                note("\(sequences) sequences, \(operations) operations, \(time(nil) - start) s")
            }
        }
        endOrphans()
        removeMounts()
        removeTree(scratch)
        conclude(seconds: time(nil) - start)
        if isStopping != 0 && reports.isEmpty { return 130 }
        return !reports.isEmpty ? 1 : troubles.isEmpty ? 0 : 2
    }

    private func note(_ text: String) {
        tell("differential: \(text)", on: 2)
    }

    // MARK: Workers

    private func startWorker(_ number: Int, of jobs: Int) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var words = [Bytes("/proc/self/exe")] + arguments
        words += ["--worker", "\(number)", "--jobs", "\(jobs)", "--scratch"].map { Bytes($0) } + [scratch]
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { word in word.withPath { strdup($0) } }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/proc/self/exe", &actions, nil, pointers, environ)
        close(ends[1])
        if result != 0 {
            troubles.append("start worker: \(errnoName(result))")
            close(ends[0])
            return
        }
        children.append(Child(number: number, pid: pid, fd: ends[0]))
    }

    private func listen() {
        var polls = children.map { pollfd(fd: $0.fd, events: Int16(POLLIN), revents: 0) }
        if poll(&polls, nfds_t(polls.count), 200) <= 0 { return }
        var ended: [pid_t] = []
        for index in children.indices where polls[index].revents != 0 {
            var chunk = Bytes(repeating: 0, count: 65536)
            let count = read(children[index].fd, &chunk, chunk.count)
            if count > 0 {
                children[index].buffer += chunk[..<count]
                takeLines(of: index)
            } else if count == 0 || errno != EINTR {
                ended.append(children[index].pid)
            }
        }
        for pid in ended { reap(pid) }
    }

    private func takeLines(of index: Int) {
        children[index].heard = time(nil)
        while let end = children[index].buffer.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: children[index].buffer[..<end], as: UTF8.self)
            children[index].buffer.removeSubrange(...end)
            take(line, from: index)
        }
    }

    private func take(_ line: String, from index: Int) {
        let words = line.split(separator: " ", maxSplits: 2)
        switch words.first {
        case "begin": children[index].seed = words.count > 1 ? String(words[1]) : "?"
        case "done":
            sequences += 1
            operations += words.count > 1 ? Int(words[1]) ?? 0 : 0
            if words.count > 2 { profiles[String(words[2]), default: 0] += 1 }
        case "alive": break
        case "trouble": troubles.append(String(line.dropFirst(8)))
        case "report", "report-stack", "report-step", "report-end":
            guard children[index].report.take(Substring(line)) else { break }
            reports.append(children[index].report)
            if options.format == .text { tell(children[index].report.text) }
            children[index].report = Report()
        default: tell(line)
        }
    }

    private func reap(_ pid: pid_t) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        guard let index = children.firstIndex(where: { $0.pid == pid }) else { return }
        let child = children.remove(at: index)
        close(child.fd)
        let code = exitStatus(status)
        if code != 0 && code != 143 {
            troubles.append("worker \(child.number) ended with status \(code) in seed \(child.seed)")
        }
    }

    private func stopWorkers() {
        for child in children { kill(child.pid, SIGTERM) }
    }

    /// A worker that says nothing hangs in a system call: only the end of its mount helper can free it.
    private func watch() {
        for index in children.indices where time(nil) - children[index].heard > Self.patience {
            let child = children[index]
            note("worker \(child.number) hangs in seed \(child.seed): ending its mount helper")
            for pid in childrenOf(child.pid) { kill(pid, SIGKILL) }
            if child.warned { kill(child.pid, SIGKILL) }
            children[index].warned = true
            children[index].heard = time(nil)
        }
    }

    /// Mount helpers that outlived their worker became our children.
    private func endOrphans() {
        for pid in childrenOf(getpid()) {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
    }

    private func childrenOf(_ parent: pid_t) -> [pid_t] {
        let fd = cd_open("/proc", O_RDONLY | O_DIRECTORY, 0)
        guard fd >= 0 else { return [] }
        defer { close(fd) }
        var found: [pid_t] = []
        forEachEntry(of: fd) { entry in
            guard let pid = pid_t(String(decoding: entry.bytes, as: UTF8.self)) else { return }
            let stat = readWhole("/proc/\(pid)/stat")
            guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return }
            let words = stat[(close + 1)...].split(separator: 0x20)
            if words.count > 1, pid_t(String(decoding: words[1], as: UTF8.self)) == parent { found.append(pid) }
        }
        return found
    }

    /// Where a worker had no mount namespace of its own.
    private func removeMounts() {
        for line in readWhole("/proc/self/mounts").split(separator: 0x0a).reversed() {
            let words = line.split(separator: 0x20)
            guard words.count > 1 else { continue }
            let point = Bytes(words[1])
            if point.isWithin(scratch) { _ = point.withPath { cd_umount($0, 1) } }
        }
    }

    // MARK: The end

    private func conclude(seconds: Int) {
        let shares = profiles.sorted { $0.key < $1.key }
        if options.format == .json {
            let list = reports.map(\.json).joined(separator: ",")
            let troubleList = troubles.map(Report.quoted).joined(separator: ",")
            let profileList = shares.map { Report.quoted($0.key) + ":\($0.value)" }.joined(separator: ",")
            tell(
                "{\"sequences\":\(sequences),\"operations\":\(operations),\"seconds\":\(seconds),"
                    + "\"environment\":\(Report.quoted(Environment.detect().description)),"
                    + "\"profiles\":{\(profileList)},\"differences\":[\(list)],\"troubles\":[\(troubleList)]}")
        } else {
            for trouble in troubles { note(trouble) }
            let found = reports.isEmpty ? "no difference" : "\(reports.count) differ"
            tell(
                "\(sequences) sequences, \(operations) operations, \(found) (\(Environment.detect().description); "
                    + "kernel overlayfs against \(options.mounter); \(seconds) s)")
        }
    }
}
