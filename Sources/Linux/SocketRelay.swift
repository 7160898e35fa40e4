import CLinux
import Glibc

/// A stream socket in a directory, each connection to which is passed on to another socket, as long as the value lives.
///
/// Whoever may connect is decided by the mode and owner of this socket, and to the other one it is this process that talks.
public final class SocketRelay: Sendable {
    /// Ends all that is passed on, when it is closed.
    private let going: Descriptor

    /// - Parameters:
    ///   - name: of the new socket in the directory.
    ///   - target: the path of the other one.
    /// - Throws: where there can be no such socket.
    public init(_ name: [UInt8], in directory: FD, to target: [UInt8]) throws(Errno) {
        // A socket's address is short, and a path may be long.
        let place = "/proc/self/fd/\(directory.raw)/"
        let listener = Descriptor(owning: try check(cl_listen((Array(place.utf8) + name).cPath)))
        var ends: [Int32] = [-1, -1]
        try check(cl_socketpair(&ends))
        going = Descriptor(owning: ends[0])
        let ending = Descriptor(owning: ends[1])
        Acceptance(listener, ending, target).start()
    }
}

/// Takes connections until the relay ends.
private final class Acceptance: Sendable {
    private let listener: Descriptor
    private let ending: Descriptor
    private let target: [UInt8]
    private let connections = Locked(0)
    /// More are closed at once.
    private static let most = 64

    init(_ listener: consuming Descriptor, _ ending: consuming Descriptor, _ target: [UInt8]) {
        self.listener = listener
        self.ending = ending
        self.target = target
    }

    func start() { DetachedThread.start { self.accept() } }

    private func accept() {
        while true {
            let ready = cl_wait_any(listener.raw, -1, ending.raw)
            guard ready == 1 else { return }
            let accepted = cl_accept(listener.raw)
            // Whoever wanted to connect has gone, or descriptors are short for a moment.
            guard accepted >= 0 else {
                usleep(10_000)
                continue
            }
            let ours = Connection(Descriptor(owning: accepted))
            let connected = cl_connect(target.cPath)
            guard connected >= 0 else { continue }
            let theirs = Connection(Descriptor(owning: connected))
            let isRoom = connections.withLock { count in
                guard count < Self.most else { return false }
                count += 1
                return true
            }
            guard isRoom else { continue }
            let isStarted = DetachedThread.start {
                self.pass(ours, theirs)
                self.connections.withLock { $0 -= 1 }
            }
            if !isStarted { connections.withLock { $0 -= 1 } }
        }
    }

    /// Both ways, until both have ended or the relay has.
    private func pass(_ one: Connection, _ other: Connection) {
        var (first, second) = (one.descriptor.raw, other.descriptor.raw)
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while first >= 0 || second >= 0 {
            let ready = cl_wait_any(first, second, ending.raw)
            guard ready > 0, ready & 4 == 0 else { return }
            if ready & 1 != 0, !move(first, other.descriptor.raw, &buffer) { first = -1 }
            if ready & 2 != 0, !move(second, one.descriptor.raw, &buffer) { second = -1 }
        }
    }

    /// - Returns: false at the end of what comes.
    private func move(_ source: Int32, _ target: Int32, _ buffer: inout [UInt8]) -> Bool {
        let count = buffer.withUnsafeMutableBytes { cl_read(source, $0.baseAddress, $0.count) }
        if count == -4 { return true }
        var done = 0
        while done < count {
            let written = buffer.withUnsafeBytes { bytes in
                // MSG_NOSIGNAL: whoever reads may be gone.
                bytes.baseAddress.map { send(target, $0 + done, Int(count) - done, 0x4000) } ?? -1
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { break }
            done += written
        }
        if count > 0, done == count { return true }
        _ = cl_end_writing(target)
        return false
    }
}

private final class Connection: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
