internal import CLinux
import Glibc
internal import Linux

/// Maps subordinate ids into the namespace of another process. It has to be started outside of it, and to work when the
/// namespace is there: so it is this program once more, which waits on its standard input.
public struct IDMapper: ~Copyable {
    private static let argument = "__map-ids"

    private let process: ChildProcess
    private let go: Descriptor

    /// - Throws: ``ContainerError`` where no process can be started.
    static func start() throws(ContainerError) -> IDMapper {
        try ContainerError.naming("map ids") { () throws(Errno) in
            var ends: [Int32] = [-1, -1]
            try check(cl_socketpair(&ends))
            let ours = Descriptor(owning: ends[0])
            let theirs = Descriptor(owning: ends[1])
            let words = ["/proc/self/exe", argument, "\(getpid())"].map { Array($0.utf8) }
            let process = try ChildProcess(words, descriptors: [(0, theirs.fd)])
            return IDMapper(process: process, go: ours)
        }
    }

    /// Whether this process's namespace now has its ids.
    consuming func map() -> Bool {
        var byte: UInt8 = 1
        _ = cl_write(go.raw, &byte, 1)
        return process.wait() == .exited(0)
    }

    consuming func cancel() {
        let process = process
        _ = consume go
        _ = process.wait()
    }

    /// The other process: its exit status, or nil when this is not it.
    public static func run(_ arguments: [[UInt8]]) -> Int32? {
        guard arguments.count == 3, arguments[1].elementsEqual(argument.utf8) else { return nil }
        var byte: UInt8 = 0
        guard cl_read(0, &byte, 1) == 1 else { return 1 }
        if getuid() == 0 { return mapAll(arguments[2]) ? 0 : 1 }
        for (tool, file, id) in [("newuidmap", "/etc/subuid", getuid()), ("newgidmap", "/etc/subgid", getgid())] {
            let ranges = SubordinateIDs.ranges(in: file)
            guard !ranges.isEmpty else { return 1 }
            var words: [[UInt8]] = [Array(tool.utf8), arguments[2]] + ["0", "\(id)", "1"].map { Array($0.utf8) }
            var inside: UInt64 = 1
            for range in ranges {
                words += ["\(inside)", "\(range.first)", "\(range.count)"].map { Array($0.utf8) }
                inside += range.count
            }
            guard let null = try? FD.workingDirectory.open("/dev/null", .readWrite),
                let process = try? ChildProcess(words, descriptors: [(2, null.fd)]), process.wait() == .exited(0)
            else { return 1 }
        }
        return 0
    }
}

extension IDMapper {
    /// Root without the right to mount, as in a container, may still give all ids that there are.
    private static func mapAll(_ process: [UInt8]) -> Bool {
        // CAP_SETGID, CAP_SETUID, CAP_SETFCAP (user_namespaces(7), "Defining user and group ID mappings").
        guard [6, 7, UserNamespace.setFileCapabilities].allSatisfy({ cl_has_capability($0) == 1 }) else { return false }
        for file in ["uid_map", "gid_map"] {
            let lines = IDMap.read("/proc/self/\(file)").map { map in
                // The whole range is how the machine's own namespace is known.
                "\(map.inside) \(map.inside) \(min(map.count, 4_294_967_294))\n"
            }
            let path = Array("/proc/".utf8) + process + Array("/\(file)".utf8)
            guard let opened = try? FD.workingDirectory.open(path.cPath, .writeOnly) else { return false }
            let bytes = Array(lines.joined().utf8)
            guard bytes.withUnsafeBytes({ cl_write(opened.raw, $0.baseAddress, $0.count) }) == bytes.count else {
                return false
            }
        }
        return true
    }
}

/// The ids that a user may give away (subuid(5), subgid(5)).
enum SubordinateIDs {
    static func ranges(in file: String) -> [(first: UInt64, count: UInt64)] {
        guard let bytes = try? FD.workingDirectory.contents(of: file, atMost: 1 << 20) else { return [] }
        let uid = getuid()
        let names = [getpwuid(uid).map { String(cString: $0.pointee.pw_name) }, "\(uid)"].compactMap(\.self)
        var result: [(first: UInt64, count: UInt64)] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, names.contains(String(fields[0])), let first = UInt64(fields[1]),
                let count = UInt64(fields[2]), count > 0, first < 1 << 32, count < 1 << 32
            else { continue }
            result.append((first, count))
        }
        return result
    }
}
