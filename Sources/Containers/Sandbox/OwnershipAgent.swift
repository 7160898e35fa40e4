internal import CLinux
import Glibc
internal import Linux

/// Answers chown(2) and its like for a container that has one id: there is nobody to give a file to, so the owner is recorded
/// (SEMANTICS 9.5) and the call has worked (seccomp_unotify(2)).
final class OwnershipAgent: Sendable {
    /// Where the runtime brings what calls wait on: a path so short that a socket may have it.
    let socket: String
    private let directory: Descriptor
    private let listener: Descriptor
    /// The device of the container's root: nothing else is recorded on.
    private let device: UInt64

    /// Serves until the container has ended.
    ///
    /// - Parameters:
    ///   - root: of the container, mounted.
    ///   - place: a directory for the socket.
    /// - Throws: ``ContainerError`` where there can be no such socket.
    static func started(root: [UInt8], in place: [UInt8]) throws(ContainerError) -> OwnershipAgent {
        let agent = try ContainerError.naming("make a socket for owners") { () throws(Errno) in
            try OwnershipAgent(root, place)
        }
        agent.start()
        return agent
    }

    private init(_ root: [UInt8], _ place: [UInt8]) throws(Errno) {
        directory = try FD.workingDirectory.open(place.cPath, [.path, .directory])
        socket = "/proc/\(getpid())/fd/\(directory.raw)/owners"
        listener = Descriptor(owning: try check(cl_listen(socket)))
        device = try FD.workingDirectory.status(root.cPath).dev
    }

    private func start() { DetachedThread.start { self.serve() } }

    private func serve() {
        let accepted = cl_accept(listener.raw)
        guard accepted >= 0 else { return }
        let connection = Descriptor(owning: accepted)
        let received = cl_receive_descriptor(connection.raw)
        guard received >= 0 else { return }
        let calls = Descriptor(owning: received)
        var call = cl_call()
        while cl_wait_call(calls.raw) == 1 {
            let result = cl_next_call(calls.raw, &call)
            // Its process was killed meanwhile.
            if result == -2 || result == -4 { continue }
            guard result >= 0 else { return }
            let error = answer(call, calls.fd)
            _ = cl_answer_call(calls.raw, call.id, error?.code ?? 0)
        }
    }

    /// - Returns: what the call fails with; nil for what works.
    private func answer(_ call: cl_call, _ calls: FD) -> Errno? {
        do throws(Errno) {
            let process = try FD.workingDirectory.open("/proc/\(call.pid)", [.path, .directory])
            let object = try self.object(of: call, process.fd)
            // Otherwise the number may be another process's by now.
            guard cl_call_waits(calls.raw, call.id) == 1, try object.fd.status().dev == device else { return nil }
            let (uid, gid) =
                call.kind == CL_CALL_FCHOWNAT
                ? (call.arguments.2, call.arguments.3) : (call.arguments.1, call.arguments.2)
            let owner = "\(UInt32(truncatingIfNeeded: uid)):\(UInt32(truncatingIfNeeded: gid))"
            // Links and what else holds no attributes keep their owner.
            try? object.fd.setAttribute("", "user.containers.override_stat", Array(owner.utf8))
            return nil
        } catch {
            return error
        }
    }

    private func object(of call: cl_call, _ process: FD) throws(Errno) -> Descriptor {
        let first = Int32(truncatingIfNeeded: call.arguments.0)
        switch call.kind {
        case CL_CALL_FCHOWN: return try process.open("fd/\(first)", .path)
        case CL_CALL_FCHOWNAT:
            let flags = Int32(truncatingIfNeeded: call.arguments.4)
            return try find(
                process, directory: first, call.arguments.1, follows: flags & 0x100 == 0,
                isEmptyAllowed: flags & 0x1000 != 0)
        case CL_CALL_CHOWN, CL_CALL_LCHOWN:
            return try find(
                process, directory: -100, call.arguments.0, follows: call.kind == CL_CALL_CHOWN, isEmptyAllowed: false)
        default: throw Errno.notImplemented
        }
    }

    /// The object of a path in another process's root, as the kernel finds it for that process.
    private func find(
        _ process: FD, directory: Int32, _ address: UInt64, follows: Bool, isEmptyAllowed: Bool
    ) throws(Errno) -> Descriptor {
        let path = try text(of: process, at: address)
        if path.isEmpty {
            guard isEmptyAllowed else { throw Errno.noEntry }
            return try process.open(directory == -100 ? "cwd" : "fd/\(directory)", .path)
        }
        var whole = path
        if path.first != UInt8(ascii: "/") {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let link = directory == -100 ? "cwd" : "fd/\(directory)"
            let count = try buffer.withUnsafeMutableBufferPointer { (bytes) throws(Errno) in
                try process.readLink(link, into: UnsafeMutableRawBufferPointer(bytes))
            }
            whole = buffer.prefix(count) + [UInt8(ascii: "/")] + path
        }
        let root = try process.open("root", [.path, .directory])
        return try root.fd.open(whole.cPath, follows ? .path : [.path, .noFollow], resolve: .inRoot)
    }

    private func text(of process: FD, at address: UInt64) throws(Errno) -> [UInt8] {
        let memory = try process.open("mem", .readOnly)
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard let offset = Int64(exactly: address) else { throw Errno(14) }
        // Not past the page's end at once: what follows may not be there.
        var length = 0
        while length < bytes.count {
            let page = 4096 - Int((address &+ UInt64(length)) & 4095)
            let wanted = min(page, bytes.count - length)
            let place = length
            let count = bytes.withUnsafeMutableBytes {
                cl_pread(memory.raw, $0.baseAddress.map { $0 + place }, wanted, offset &+ Int64(place))
            }
            guard count > 0 else { throw Errno(14) }
            length += Int(count)
            if let end = bytes[..<length].firstIndex(of: 0) { return Array(bytes[..<end]) }
        }
        throw Errno.nameTooLong
    }
}
