import Glibc
public import Linux

/// Passes signals on to a process that is waited for. Made before any other thread exists: they inherit what is blocked.
public struct SignalRelay: Sendable {
    private static let relayed = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT]

    public init() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in relayed + [SIGCHLD] { sigaddset(&set, signal) }
        return set
    }

    /// Waits for the end of a process; whatever signal comes meanwhile is his.
    public func wait(for process: consuming ChildProcess) -> ChildProcess.Ending {
        var set = Self.set
        while true {
            if let ending = process.poll() { return ending }
            var info = siginfo_t()
            let signal = sigwaitinfo(&set, &info)
            // What the terminal sends goes to the whole group already.
            let fromKernel = info.si_code > 0
            if signal > 0, signal != SIGCHLD, !fromKernel { kill(process.id, signal) }
        }
    }
}
