import CDifferential
import Glibc

/// Threads of our own: file system calls as somebody else, and with another umask, are per thread.
enum Threads {
    private final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Runs `body` for every number below `count`, each on its own thread, and waits for all.
    static func run(_ count: Int, _ body: @escaping (Int) -> Void) throws(Failure) {
        var threads: [pthread_t] = []
        defer { for thread in threads { pthread_join(thread, nil) } }
        for number in 0..<count {
            let box = Box {
                _ = cd_own_cwd_and_umask()
                body(number)
            }
            var thread = pthread_t()
            let retained = Unmanaged.passRetained(box)
            let result = pthread_create(
                &thread, nil,
                { raw in
                    guard let raw else { return nil }
                    Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
                    return nil
                }, retained.toOpaque())
            if result != 0 {
                retained.release()
                throw Failure("start a thread: \(errnoName(result))")
            }
            threads.append(thread)
        }
    }
}
