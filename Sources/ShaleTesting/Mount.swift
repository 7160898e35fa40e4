import CLinux
import Glibc
import Linux
import UnionFuse

/// A stack mounted through FUSE.
public final class Mount: @unchecked Sendable {
    /// The mount point.
    public let path: String
    private let mounted = Locked(true)

    init(options: String, at path: String) throws(TestingError) {
        self.path = path
        let status = Self.run([Self.helper, "-o", options, path])
        guard status == 0 else { throw TestingError("shalefs -o \(options) \(path): status \(status)") }
    }

    /// Ends the mount; what was written is in the upper afterwards. May be called again.
    public func unmount() {
        let was = mounted.withLock { state in
            defer { state = false }
            return state
        }
        if was { Self.takeAway(Array(path.utf8)) }
    }

    static func takeAway(_ path: [UInt8]) {
        if (try? Mounting.unmount(path, lazily: false)) == nil { try? Mounting.unmount(path, lazily: true) }
    }

    static var helper: String {
        if let given = getenv("SHALEFS") { return String(cString: given) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/shalefs"
        return access(beside, X_OK) == 0 ? beside : "shalefs"
    }

    private static func run(_ arguments: [String]) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        guard posix_spawnp(&process, arguments[0], nil, nil, pointers, environ) == 0 else { return 127 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status >> 8 & 0xff
    }
}
