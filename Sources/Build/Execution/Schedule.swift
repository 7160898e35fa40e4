import Glibc
internal import Linux

/// Runs stages, each on a thread of its own as soon as those that it uses are built.
struct Schedule: Sendable {
    /// In the order of the file: each comes after those it depends on.
    let nodes: [(index: Int, dependencies: [Int])]

    init(_ nodes: [(index: Int, dependencies: [Int])]) { self.nodes = nodes }

    private final class Progress: Sendable {
        let monitor = Monitor()
        let state = Locked(State())

        struct State {
            var done: [Int: StageState] = [:]
            var failure: BuildError?
            var started: Set<Int> = []
            var running = 0
        }
    }

    /// - Parameter failed: called once, with the first failure, while others may still run.
    /// - Throws: the first failure, when nothing runs any more.
    func run(
        _ body: @escaping @Sendable (Int, [Int: StageState]) throws(BuildError) -> StageState,
        failed: @escaping @Sendable () -> Void
    ) throws(BuildError) -> [Int: StageState] {
        let progress = Progress()
        progress.monitor.lock()
        while true {
            for index in ready(progress) { start(index, progress, body, failed) }
            let (running, isOver) = progress.state.withLock {
                ($0.running, $0.failure != nil || $0.done.count == nodes.count)
            }
            if running == 0, isOver { break }
            progress.monitor.wait()
        }
        progress.monitor.unlock()
        let state = progress.state.withLock { $0 }
        if let failure = state.failure { throw failure }
        return state.done
    }

    private func ready(_ progress: Progress) -> [Int] {
        progress.state.withLock { state in
            if state.failure != nil { return [] }
            let ready = nodes.filter { node in
                !state.started.contains(node.index) && node.dependencies.allSatisfy { state.done[$0] != nil }
            }.map(\.index)
            state.started.formUnion(ready)
            state.running += ready.count
            return ready
        }
    }

    private func start(
        _ index: Int, _ progress: Progress,
        _ body: @escaping @Sendable (Int, [Int: StageState]) throws(BuildError) -> StageState,
        _ failed: @escaping @Sendable () -> Void
    ) {
        let work: @Sendable () -> Void = {
            let stages = progress.state.withLock { $0.done }
            var isFirst = false
            do throws(BuildError) {
                let result = try body(index, stages)
                progress.state.withLock { $0.done[index] = result }
            } catch {
                isFirst = progress.state.withLock { state in
                    defer { if state.failure == nil { state.failure = error } }
                    return state.failure == nil
                }
            }
            if isFirst { failed() }
            progress.monitor.lock()
            progress.state.withLock { $0.running -= 1 }
            progress.monitor.wakeAll()
            progress.monitor.unlock()
        }
        // What a stage does blocks; without a thread for it it is done all the same.
        if !DetachedThread.start(work) { Task.detached { work() } }
    }
}
