import CCurl
import Glibc
import Linux

/// Runs HTTP exchanges: one thread with libcurl's multi interface (libcurl-multi(3)), any number of transfers at once,
/// connections kept and shared between them. The thread ends with the last reference to the engine.
///
/// libcurl is touched on that thread only. Tasks talk to it through ``EngineQueue``; bytes travel through ``Exchange``.
final class Engine: Sendable {
    private let queue: EngineQueue

    /// - Throws: ``TransferError`` of kind `local` when libcurl is not installed, or the system has no memory or no thread.
    init(_ settings: EngineSettings) throws(TransferError) {
        if let failure = cc_load_failure() {
            throw TransferError(.local, "load libcurl: \(printable(String(cString: failure)))")
        }
        guard Self.initialized, let multi = cc_multi_init() else {
            throw TransferError(.local, "start libcurl: no memory")
        }
        queue = EngineQueue(multi)
        let loop = EngineLoop(multi: multi, queue: queue, settings: settings)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(loop)
        let failure = pthread_create(&thread, nil, Self.body, box.toOpaque())
        guard failure == 0 else {
            box.release()
            cc_multi_cleanup(multi)
            throw TransferError(.local, "start the transfer thread: \(Errno(failure))")
        }
        pthread_detach(thread)
    }

    deinit { queue.send(.stop) }

    func start(_ request: Request) -> Exchange {
        let exchange = Exchange(request, engine: queue)
        queue.send(.start(exchange))
        return exchange
    }

    private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { Unmanaged<EngineLoop>.fromOpaque(context).takeRetainedValue().run() }
        return nil
    }

    private static let initialized = cc_global_init() == CURLE_OK
}

/// What every transfer of an engine is set up with.
struct EngineSettings: Sendable {
    var trust: Trust
    var patience: Patience
    var environment: Environment
}

/// The engine's thread.
private final class EngineLoop: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer
    private let queue: EngineQueue
    private let settings: EngineSettings
    private var transfers: [ObjectIdentifier: EasyTransfer] = [:]

    init(multi: UnsafeMutableRawPointer, queue: EngineQueue, settings: EngineSettings) {
        self.multi = multi
        self.queue = queue
        self.settings = settings
        _ = cc_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 16)
    }

    func run() {
        // A peer that is gone is an error of write(2), not a signal (SIGPIPE comes to the thread that wrote).
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while step() {}
        for case .start(let exchange) in queue.close() { exchange.finish(.failure(EngineQueue.ended)) }
        for transfer in Array(transfers.values) { end(transfer, .failure(EngineQueue.ended)) }
        cc_multi_cleanup(multi)
    }

    /// False when the engine is to stop.
    private func step() -> Bool {
        for command in queue.take() {
            switch command {
            case .start(let exchange): start(exchange)
            case .resume(let exchange): transfers[ObjectIdentifier(exchange)]?.resume()
            case .cancel(let exchange):
                if let transfer = transfers[ObjectIdentifier(exchange)] { end(transfer, .success(())) }
            case .stop: return false
            }
        }
        var running: Int32 = 0
        cc_multi_perform(multi, &running)
        var code = CURLE_OK
        while let handle = cc_next_ended(multi, &code) {
            guard let context = cc_private(handle) else { continue }
            let transfer = Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue()
            end(transfer, transfer.result(code))
        }
        endStalled()
        cc_multi_poll(multi, transfers.isEmpty ? 60_000 : 1_000)
        return true
    }

    private func start(_ exchange: Exchange) {
        do throws(TransferError) {
            let transfer = try EasyTransfer(exchange, settings)
            transfers[ObjectIdentifier(exchange)] = transfer
            let code = cc_multi_add_handle(multi, transfer.handle)
            if code != CURLM_OK {
                end(transfer, .failure(TransferError(.local, "start the transfer: libcurl error \(code.rawValue)")))
            }
        } catch {
            exchange.finish(.failure(error))
        }
    }

    private func endStalled() {
        let now = Monotonic.milliseconds
        for transfer in Array(transfers.values) {
            if let stall = transfer.stall(now) { end(transfer, .failure(stall)) }
        }
    }

    private func end(_ transfer: EasyTransfer, _ result: Result<Void, TransferError>) {
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        cc_multi_remove_handle(multi, transfer.handle)
        transfer.exchange.finish(result)
    }
}

/// CLOCK_MONOTONIC.
enum Monotonic {
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }
}
