import CLinux
import Glibc
import Linux
import Synchronization

/// Which of the workers reads requests. One leads: it reads, answers, and looks again for a moment before it sleeps,
/// because waking a processor costs more than most answers. The others are parked, where no request wakes them.
///
/// The leader gives the lead away before an answer that takes long, and one of the parked watches whether an answer
/// turns out to take long, and then takes the lead. So no client waits for another's copy-up, and most answers cost no
/// wake-up at all.
final class Leadership: Sendable {
    /// Guards what follows.
    private let monitor = Monitor()
    private let leader = Atomic<Int>(0)
    /// The thread of the leader, by which it is known where workers have no number.
    private let thread = Atomic<UInt>(0)
    private let ended = Atomic<Bool>(false)
    /// Workers that wait for the lead.
    private let parked = Atomic<Int>(0)
    /// One of them looks at the clock. Each that did would disturb the client's processor.
    private let watched = Atomic<Bool>(false)
    /// Counts the requests that leaders have read: whoever watches sees by it that nothing moves.
    private let progress = Atomic<UInt64>(0)
    /// The leader is answering, not waiting for a request.
    private let answering = Atomic<Bool>(false)

    /// How long a leader may take for one answer before somebody else reads on, in nanoseconds: little at first, more
    /// while requests move.
    private static let patience = 5_000_000...40_000_000

    func isLeader(_ worker: Int) -> Bool { leader.load(ordering: .acquiring) == worker }

    /// Waits until `worker` leads; false when the session has ended.
    func take(_ worker: Int) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        parked.add(1, ordering: .relaxed)
        defer { parked.subtract(1, ordering: .relaxed) }
        var patience = Self.patience.lowerBound
        while true {
            if ended.load(ordering: .relaxed) { return false }
            if leader.load(ordering: .relaxed) == 0 {
                lead(worker)
                return true
            }
            guard answering.load(ordering: .relaxed), !watched.load(ordering: .relaxed) else {
                // Told when the leader has something to do.
                monitor.wait()
                patience = Self.patience.lowerBound
                continue
            }
            let before = progress.load(ordering: .relaxed)
            watched.store(true, ordering: .relaxed)
            monitor.wait(nanoseconds: patience)
            watched.store(false, ordering: .relaxed)
            let isStuck = progress.load(ordering: .relaxed) == before
            if isStuck, answering.load(ordering: .relaxed), leader.load(ordering: .relaxed) != 0 {
                lead(worker)
                return true
            }
            patience = min(patience * 2, Self.patience.upperBound)
        }
    }

    /// Precondition: the monitor is held.
    private func lead(_ worker: Int) {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        leader.store(worker, ordering: .releasing)
        // Somebody watches this one in turn.
        monitor.wakeOne()
    }

    private var isOurs: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// The calling worker, if it leads, is about to do something that takes long: somebody else goes on reading. False
    /// where there is nobody.
    @discardableResult
    func giveAway() -> Bool {
        guard isOurs, parked.load(ordering: .relaxed) > 0 else { return false }
        monitor.lock()
        defer { monitor.unlock() }
        guard isOurs else { return false }
        thread.store(0, ordering: .relaxed)
        leader.store(0, ordering: .releasing)
        monitor.wakeOne()
        return true
    }

    /// The leader has read a request. `takesLong`: what is asked may take long.
    func begin(takesLong: Bool) {
        progress.add(1, ordering: .relaxed)
        if takesLong, giveAway() { return }
        if !answering.load(ordering: .relaxed) {
            // After a rest: somebody begins to watch.
            monitor.lock()
            answering.store(true, ordering: .relaxed)
            monitor.wakeOne()
            monitor.unlock()
        }
    }

    /// The leader found nothing to do for a while, and sleeps.
    func rest() { if isOurs { answering.store(false, ordering: .relaxed) } }

    /// Lets every worker end.
    func end() {
        monitor.lock()
        ended.store(true, ordering: .relaxed)
        monitor.wakeAll()
        monitor.unlock()
    }
}

/// How long a leader looks for the next request before it sleeps: not at all where that has not paid lately.
struct Lookout {
    let isWanted: Bool
    private var misses = 0
    private var rounds = 0
    /// Requests in a row that were there or came while it looked, and that came later but soon.
    private var prompt = 0
    private var late = 0

    private static let span = 60_000

    init(isWanted: Bool) { self.isWanted = isWanted }

    /// Reads the next request; blocks in the end. The size, or -errno.
    mutating func receive(
        _ exchange: borrowing Exchange, from device: Int32, _ leadership: Leadership, _ idle: IdlePolling
    ) -> Int {
        var count = exchange.receive(from: device)
        if count != -11 {
            prompt &+= 1
            if prompt >= IdlePolling.threshold { idle.begin() }
            return count
        }
        rounds &+= 1
        // Looking in vain costs a client its processor: now and then is enough to see that times have changed.
        if isWanted, misses < 4 || rounds % 16 == 0 {
            let deadline = cl_monotonic_time() + Int64(Self.span)
            while cl_monotonic_time() < deadline {
                cl_yield()
                count = exchange.receive(from: device)
                if count != -11 {
                    misses = 0
                    late = 0
                    prompt &+= 1
                    if prompt >= IdlePolling.threshold { idle.begin() }
                    return count
                }
            }
            misses += 1
        }
        prompt = 0
        if idle.isHeld {
            late += 1
            if late < IdlePolling.mostLate, cl_wait_readable(device, Int64(IdlePolling.patience)) > 0 {
                return exchange.receive(from: device)
            }
            late = 0
            idle.end()
        }
        leadership.rest()
        _ = cl_wait_readable(device, -1)
        return exchange.receive(from: device)
    }
}
