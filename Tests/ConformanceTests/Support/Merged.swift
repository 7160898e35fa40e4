import CLinux
import Glibc
import Linux
import ShaleTesting
import Testing

/// Who merges: the oracle, or what is tested.
enum Implementation: String, Sendable, CustomTestStringConvertible {
    case kernel
    case shale

    var testDescription: String { rawValue }

    /// The oracle too, where it can be mounted.
    static let both: [Implementation] = Environment.mayMount ? [.kernel, .shale] : [.shale]
    /// The oracle refuses redirect_dir, metacopy and index together with userxattr: it needs root of the machine.
    static let withFeatures: [Implementation] = Environment.isRealRoot ? [.kernel, .shale] : [.shale]
}

/// A stack, mounted by one of them.
final class Merged {
    let stack: Stack
    private var implementation: Implementation
    private var options: String
    private let exact: ((Merged) -> String)?
    private var mount: Mount?
    private var mounted = false
    private var filesystems: [String] = []

    var merged: Place { Place(path: stack.path + "/merged") }
    var upper: Place { Place(path: stack.upper) }
    var work: Place { Place(path: stack.work) }
    var scratch: Place { Place(path: stack.path) }
    func lower(_ index: Int = 0) -> Place { Place(path: stack.lowers[index]) }

    /// Makes the stack and mounts it.
    ///
    /// `options` come after those of the stack; `exact` are all there are. `prepare`: what is done before the mount.
    init(
        _ implementation: Implementation = .shale, _ lowers: [Item], upper: Item = [:], options: String = "",
        exact: ((Merged) -> String)? = nil, in directory: String = "/var/tmp",
        prepare: (Merged) throws -> Void = { _ in }
    ) throws {
        stack = try Stack(lowers: lowers, upper: upper, in: directory)
        self.implementation = implementation
        self.options = options
        self.exact = exact
        // Strangers reach the mount.
        try scratch.chmod("", 0o755)
        try prepare(self)
        try start()
    }

    deinit {
        stop()
        for path in filesystems.reversed() where cl_umount2(path, 0) < 0 { _ = cl_umount2(path, Int32(CL_MNT_DETACH)) }
    }

    /// A tmpfs in the scratch directory, unmounted with the stack.
    func tmpfs(_ name: String, _ options: String = "") throws -> Place {
        try scratch.mkdir(name)
        try check(cl_mount("none", scratch.at(name), "tmpfs", 0, options))
        filesystems.append(scratch.at(name))
        return Place(path: scratch.at(name))
    }

    func stop() {
        mount?.unmount()
        mount = nil
        if mounted {
            if !Environment.mayMount {
                _ = run(["fusermount3", "-u", merged.path])
            } else if cl_umount2(merged.path, 0) < 0 {
                _ = cl_umount2(merged.path, Int32(CL_MNT_DETACH))
            }
        }
        mounted = false
    }

    private func start() throws {
        switch implementation {
        case .shale:
            guard let exact else {
                // A container of a test beside this one may have copied the last mount into its namespace, and keep it a while.
                for _ in 0..<4 where mount == nil { mount = try? stack.mount(options) }
                if mount == nil { mount = try stack.mount(options) }
                return
            }
            let outcome = Helper.run("-o", exact(self), merged.path)
            if outcome.status != 0 { throw Refused(description: "shalefs -o \(exact(self)): \(outcome.errors)") }
            mounted = true
        case .kernel:
            let all = (exact?(self) ?? stack.options(options)) + (Environment.isRealRoot ? "" : ",userxattr")
            try check(cl_mount("conformance", merged.path, "overlay", 0, all))
            mounted = true
        }
    }

    /// Ends the mount and makes it again, by another implementation or with other options where given.
    func remount(by other: Implementation? = nil, options more: String? = nil) throws {
        stop()
        if let other { implementation = other }
        if let more { options = more }
        try start()
    }
}

/// Why a mount was not made.
struct Refused: Error, CustomStringConvertible {
    let description: String
}

/// The programs under test.
enum Program {
    static func beside(_ name: String) -> String {
        let own =
            getenv("SHALEFS").map { String(cString: $0) } ?? (try? Place(path: "/proc/self").readlink("exe")) ?? ""
        return "/" + (own.split(separator: "/").dropLast() + [Substring(name)]).joined(separator: "/")
    }
}

/// The mount helper, as a program.
enum Helper {
    static let path = Program.beside("shalefs")
    static func run(_ arguments: String...) -> Outcome { ConformanceTests.run([path] + arguments) }
}

/// What is mounted at a path: its line of /proc/self/mounts, the last one.
func mountLine(_ path: String) -> String? {
    guard let file = fopen("/proc/self/mounts", "r") else { return nil }
    defer { fclose(file) }
    var text = ""
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&bytes, 1, bytes.count, file)
        if count == 0 { break }
        text += String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    return text.split(separator: "\n").last { $0.split(separator: " ").dropFirst().first == Substring(path) }
        .map(String.init)
}
