internal import CLinux
import Glibc
internal import Linux
internal import OCI

/// A process that outlives this one by a moment: when this one ends without having ended its containers, it does. Runtimes do
/// not end with who started them, and SIGKILL leaves nobody the time.
public final class ContainerWatch: Sendable {
    private static let argument = "__watch-containers"

    private let line: SharedFile

    /// - Throws: ``ContainerError`` where no process can be started.
    public init() throws(ContainerError) {
        line = try ContainerError.naming("watch containers") { () throws(Errno) in
            var ends: [Int32] = [-1, -1]
            try check(cl_socketpair(&ends))
            let ours = SharedFile(Descriptor(owning: ends[0]))
            let theirs = Descriptor(owning: ends[1])
            let null = try FD.workingDirectory.open("/dev/null", .readWrite)
            let words = ["/proc/self/exe", Self.argument].map { Array($0.utf8) }
            // It ends when the line does, and is waited for by nobody: this process ends before it.
            _ = try ChildProcess(words, descriptors: [(0, theirs.fd), (1, null.fd), (2, null.fd)])
            return ours
        }
    }

    /// Says that a container is being started.
    public func add(_ id: String, in bundle: [UInt8]) {
        send([UInt8(ascii: "+")] + Array(id.utf8) + [0] + bundle + [0])
    }

    /// Says that it has ended.
    public func remove(_ id: String) { send([UInt8(ascii: "-")] + Array(id.utf8) + [0, 0]) }

    private func send(_ bytes: [UInt8]) {
        // MSG_NOSIGNAL: somebody may have killed the watch.
        _ = bytes.withUnsafeBytes { Glibc.send(line.descriptor.raw, $0.baseAddress, $0.count, 0x4000) }
    }

    /// The other process: its exit status, or nil when this is not it.
    public static func run(_ arguments: [[UInt8]]) -> Int32? {
        guard arguments.count == 2, arguments[1].elementsEqual(argument.utf8) else { return nil }
        // What a terminal sends to all is not for it.
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { Glibc.signal(signal, SIG_IGN) }
        guard let said = try? FD(0).remainder(atMost: 64 << 20), let runtime = try? Runtime.find() else { return 1 }
        var running: [[UInt8]: [UInt8]] = [:]
        let words = said.split(separator: 0, omittingEmptySubsequences: false)
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            guard let sign = words[index].first else { continue }
            running[Array(words[index].dropFirst())] = sign == UInt8(ascii: "+") ? Array(words[index + 1]) : nil
        }
        // Again: one that was just being started is not there for the runtime yet.
        for _ in 0..<20 where !running.isEmpty {
            for (id, bundle) in running {
                let state = bundle + Array("/state/".utf8) + id
                guard access(state.cPath, F_OK) == 0 else { continue }
                runtime.clean(id: String(decoding: id, as: UTF8.self), in: bundle)
                if access(state.cPath, F_OK) != 0 { running[id] = nil }
            }
            usleep(50_000)
        }
        return 0
    }
}
