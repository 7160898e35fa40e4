import CLinux
public import Changes
import Glibc
public import Linux
public import Union

/// A scratch stack of directories that cleans up after itself: at the end of its life, and what a crashed test left
/// behind when the next one begins.
public final class Stack: @unchecked Sendable {
    /// The scratch directory; below it `l0`, `l1`, …, `upper`, `work` and `merged`.
    public let path: String
    public let lowers: [String]
    public var upper: String { path + "/upper" }
    public var work: String { path + "/work" }
    private var mounts: [Mount] = []

    /// Makes the directories.
    ///
    /// `lowers`: from top to bottom. `directory`: where the scratch directory is made; its filesystem decides what works.
    /// - Throws: ``TestingError`` with what could not be made.
    public init(lowers: [Item], upper: Item = [:], in directory: String = "/var/tmp") throws(TestingError) {
        Leftovers.remove(in: directory)
        var template = "\(directory)/shale-stack-\(getpid())-XXXXXX".utf8.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw TestingError("\(directory): \(Errno(errno))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.lowers = lowers.indices.map { [path] in "\(path)/l\($0)" }
        for (index, lower) in lowers.enumerated() { try Self.make(lower, at: self.lowers[index]) }
        try Self.make(upper, at: path + "/upper")
        for name in ["work", "merged"] { try Self.make([:], at: "\(path)/\(name)") }
    }

    deinit {
        for mount in mounts { mount.unmount() }
        try? FD.workingDirectory.removeTree(path)
    }

    private static func make(_ root: Item, at path: String) throws(TestingError) {
        do throws(Errno) {
            try FD.workingDirectory.makeDirectory(path, mode: 0o755)
            let directory = try FD.workingDirectory.open(path, [.readOnly, .directory])
            guard case .directory(let entries, let mode, let attributes) = root else { throw Errno.notDirectory }
            try Builder(root: directory.fd).fill(directory.fd, entries)
            try FD.workingDirectory.setMode(path, mode)
            for (key, value) in attributes { try directory.fd.setAttribute("", cString(key), value) }
        } catch {
            throw TestingError("\(path): \(error)")
        }
    }

    /// The options of a mount of this stack, and `more`.
    public func options(_ more: String = "") -> String {
        "lowerdir=\(lowers.joined(separator: ":")),upperdir=\(upper),workdir=\(work)" + (more.isEmpty ? "" : ",\(more)")
    }

    /// The stack as a union in this process.
    public func union(_ change: (inout Configuration) -> Void = { _ in }) throws(Refusal) -> Tree {
        var configuration = Configuration()
        configuration.lowers = lowers.map { Array($0.utf8) }
        configuration.upper = Array(upper.utf8)
        configuration.work = Array(work.utf8)
        change(&configuration)
        return Tree(try Union(configuration))
    }

    /// Mounts the stack through FUSE; unmounted by ``Mount/unmount()``, or with the stack.
    ///
    /// The mount helper is `$SHALEFS`, otherwise `shalefs` beside the running executable, otherwise that of PATH.
    public func mount(_ more: String = "") throws(TestingError) -> Mount {
        let mount = try Mount(options: options(more), at: path + "/merged")
        mounts.append(mount)
        return mount
    }

    /// What the upper changes.
    public func changes() throws(Errno) -> [Change] {
        var reader = try ChangeReader(upper: Array(upper.utf8), lowers: lowers.map { Array($0.utf8) })
        return try reader.read()
    }
}

/// Why a scratch stack could not be made or mounted.
public struct TestingError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

func cString(_ text: String) -> [CChar] { text.utf8.map { CChar(bitPattern: $0) } + [0] }
func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

/// Makes items on disk.
private struct Builder {
    let root: FD

    func fill(_ directory: FD, _ entries: [Item.Named]) throws(Errno) {
        for entry in entries { try make(entry.item, cString(entry.name), in: directory) }
    }

    private func make(_ item: Item, _ name: [CChar], in directory: FD) throws(Errno) {
        switch item {
        case .file(let content, let mode, let attributes):
            let file = try directory.open(name, [.create, .exclusive, .writeOnly], mode: 0o600)
            let result = content.withUnsafeBytes { cl_write(file.raw, $0.baseAddress, $0.count) }
            try check(result)
            try directory.setMode(name, mode)
            for (key, value) in attributes { try file.fd.setAttribute("", cString(key), value) }
        case .directory(let entries, let mode, let attributes):
            try directory.makeDirectory(name, mode: 0o700)
            let own = try directory.open(name, [.readOnly, .directory])
            try fill(own.fd, entries)
            for (key, value) in attributes { try own.fd.setAttribute("", cString(key), value) }
            try directory.setMode(name, mode)
        case .opaqueDirectory(let entries):
            let namespace = geteuid() == 0 && cl_has_capability(21) == 1 ? "trusted" : "user"
            let made: Item = .directory(entries)
            try make(made, name, in: directory)
            do throws(Errno) { try directory.setAttribute(name, cString("\(namespace).overlay.opaque"), [0x79]) } catch
            {
                try directory.setAttribute(name, "user.overlay.opaque", [0x79])
            }
        case .symlink(let target): try directory.makeSymlink(name, target: cString(target))
        case .link(let path): try root.link(cString(path), to: directory, name)
        case .fifo: try directory.makeNode(name, mode: 0o010644, device: 0)
        case .whiteout: try directory.makeNode(name, mode: 0o020000, device: 0)
        }
    }
}

/// What tests that crashed left behind.
enum Leftovers {
    /// Unmounts and removes the scratch directories of processes that are gone.
    static func remove(in directory: String) {
        guard let here = try? FD.workingDirectory.open(directory, [.readOnly, .directory]) else { return }
        var names: [String] = []
        try? here.fd.forEachEntry { entry in
            let name = String(decoding: entry.name, as: UTF8.self)
            if name.hasPrefix("shale-stack-") { names.append(name) }
            return true
        }
        for name in names {
            let parts = name.split(separator: "-")
            guard parts.count >= 4, let owner = pid_t(parts[2]), kill(owner, 0) != 0, errno == ESRCH else { continue }
            Mount.takeAway(Array("\(directory)/\(name)/merged".utf8))
            try? here.fd.removeTree(cString(name))
        }
    }
}
