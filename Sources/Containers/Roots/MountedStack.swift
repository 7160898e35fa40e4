internal import CLinux
import Glibc
internal import Linux
internal import OCI

/// Layers as one tree, for as long as the value lives: `shalefs` serves it in a process of its own, and takes the mount away
/// when this one ends, however it ends.
public struct MountedStack: ~Copyable {
    public let path: [UInt8]
    private let server: ChildProcess
    private let tie: Descriptor

    /// Where changes go.
    public struct Changes: Sendable {
        public var upper: [UInt8]
        /// Empty, on the upper's file system.
        public var work: [UInt8]

        public init(upper: [UInt8], work: [UInt8]) {
            self.upper = upper
            self.work = work
        }
    }

    /// Mounts; returns when the mount answers.
    ///
    /// Nothing that programs inside ask to be brought to the disk is: what is worth keeping is when it is committed.
    /// - Parameters:
    ///   - lowers: from top to bottom.
    ///   - changes: nil mounts read-only.
    ///   - helper: the program `shalefs`.
    ///   - path: an existing directory.
    /// - Throws: ``ContainerError``; the helper said why on standard error.
    public static func mount(
        lowers: [[UInt8]], changes: Changes?, at path: [UInt8], helper: [UInt8]
    ) throws(ContainerError) -> MountedStack {
        var options = option("lowerdir", Array(lowers.map(escaped).joined(separator: [UInt8(ascii: ":")])))
        if let changes {
            options += [UInt8(ascii: ",")] + option("upperdir", escaped(changes.upper))
            options += [UInt8(ascii: ",")] + option("workdir", escaped(changes.work))
            // A commit sees the upper alone: of a lower's file with several names it has only what was changed by name, and so
            // must the mount.
            options += Array(",redirect_dir=on,index=off,volatile".utf8)
        } else {
            options += Array(",ro,immutable".utf8)
        }
        // With one id, what belongs to others could be written by nobody: it is shown as root's, and stays recorded.
        if UserNamespace.ids == 1 { options += Array(",squash_to_root".utf8) }
        options += Array(",fsname=shale".utf8)
        let action = "mount \(printable(String(decoding: path, as: UTF8.self)))"
        var ends: [Int32] = [-1, -1]
        let made = cl_socketpair(&ends)
        guard made >= 0 else { throw ContainerError(.failed, "\(action): \(Errno(0 &- made))") }
        let ours = Descriptor(owning: ends[0])
        let theirs = Descriptor(owning: ends[1])
        let environment = environment() + [Array("SHALEFS_READY=tied".utf8)]
        let words = [helper, Array("-o".utf8), options, path]
        let server = try ContainerError.naming("start \(String(decoding: helper, as: UTF8.self))") { () throws(Errno) in
            try ChildProcess(words, environment: environment, descriptors: [(3, theirs.fd)])
        }
        _ = consume theirs
        var byte: UInt8 = 1
        var count: Int64
        repeat { count = cl_read(ours.raw, &byte, 1) } while count == -4
        guard count == 1, byte == 0 else { throw ContainerError(.failed, "\(action): shalefs did not start") }
        return MountedStack(path: path, server: server, tie: ours)
    }

    private init(path: [UInt8], server: consuming ChildProcess, tie: consuming Descriptor) {
        self.path = path
        self.server = server
        self.tie = tie
    }

    /// Takes the mount away, everything written to the upper before.
    ///
    /// - Throws: ``ContainerError`` when something is still in it.
    public consuming func end() throws(ContainerError) {
        var result = cl_umount2(path.cPath, 0)
        // A process that another thread is starting has all our descriptors until it executes (fork(2)).
        for _ in 0..<200 where result == -16 {
            usleep(10_000)
            result = cl_umount2(path.cPath, 0)
        }
        if result == -1 {
            // Only fusermount3 may: the server calls it when its tie is cut.
            let server = server
            _ = consume tie
            _ = server.wait()
            return
        }
        if result < 0 {
            let action = "unmount \(printable(String(decoding: path, as: UTF8.self)))"
            throw ContainerError(.failed, "\(action): \(Errno(0 &- result))")
        }
        _ = server.wait()
    }

    private static func option(_ key: String, _ value: [UInt8]) -> [UInt8] {
        Array(key.utf8) + [UInt8(ascii: "=")] + value
    }

    /// A path as mount options take it: commas, colons and backslashes behind a backslash.
    public static func escaped(_ path: [UInt8]) -> [UInt8] {
        path.flatMap { [0x2c, 0x3a, 0x5c].contains($0) ? [0x5c, $0] : [$0] }
    }

    private static func environment() -> [[UInt8]] {
        var result: [[UInt8]] = []
        var next = environ
        while let variable = next.pointee {
            result.append(UnsafeBufferPointer(start: variable, count: strlen(variable)).map { UInt8(bitPattern: $0) })
            next += 1
        }
        return result
    }
}
