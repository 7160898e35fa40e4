import CLinux
import Glibc
import Linux
import OCI

/// A thread that writes a container's changes as a layer's tar into a pipe: nothing of it is kept anywhere.
final class UpperWriter: Sendable {
    private let source: LayerSource
    private let input: Int32
    private let reading: Descriptor
    private let failure = Locked<LayerError?>(nil)
    private let thread: Locked<pthread_t?>

    /// - Throws: ``AnalysisError`` where there is no pipe or no thread.
    init(_ source: LayerSource) throws(AnalysisError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw AnalysisError("read container: no pipe can be made") }
        for end in ends { _ = cl_set_cloexec(end, 1) }
        // The reader may be gone before all is written.
        _ = cl_ignore_sigpipe()
        self.source = source
        reading = Descriptor(owning: ends[0])
        input = ends[1]
        thread = Locked(nil)
        var started = pthread_t()
        let failed = pthread_create(
            &started, nil,
            { raw in
                if let raw { Unmanaged<UpperWriter>.fromOpaque(raw).takeRetainedValue().write() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard failed == 0 else {
            Unmanaged.passUnretained(self).release()
            _ = cl_close(ends[1])
            throw AnalysisError("read container: no thread can be started")
        }
        thread.withLock { $0 = started }
    }

    /// What the tar is read from.
    var output: FD { reading.fd }

    private func write() {
        do throws(LayerError) { _ = try LayerBuilder(LayerCoding(.none)).build(source, into: FD(input)) } catch {
            failure.withLock { $0 = error }
        }
        _ = cl_close(input)
    }

    /// Waits for the writer, whose output is read or given up.
    ///
    /// - Throws: ``AnalysisError``: what the writer met.
    func finish() throws(AnalysisError) {
        guard
            let thread = thread.withLock({ thread -> pthread_t? in
                defer { thread = nil }
                return thread
            })
        else { return }
        // Whatever the reader left is thrown away: the writer ends.
        var rest = [UInt8](repeating: 0, count: 64 << 10)
        while rest.withUnsafeMutableBytes({ (try? reading.fd.read(into: $0)) ?? 0 }) > 0 {}
        pthread_join(thread, nil)
        if let failure = failure.withLock({ $0 }) { throw AnalysisError(failure.description) }
    }
}
