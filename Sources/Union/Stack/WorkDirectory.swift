import CLinux
import Glibc
import Linux
import Synchronization

/// What we keep in `workdir`: temporary objects in `work/`, the index of hard links in `index/`; the kernel's layout.
/// Locked for as long as the union lives, and emptied when it opens (SEMANTICS 1.3, 5.2, 8.3).
final class WorkDirectory: @unchecked Sendable {
    /// `workdir/work`: what is made here is complete before it is renamed or linked into the upper.
    let directory: FD
    /// `workdir/index`, where hard links of lowers are kept together.
    let index: FD?
    /// `workdir/origins`, where marks are `user.` attributes (Identity/OriginTable.swift).
    let origins: FD?
    /// Whiteouts are 0/0 devices, otherwise `.wh.` files.
    let devices: Bool
    /// Files can be made without a name.
    let unnamed: Bool
    let notes: [String]
    /// The workdir and the upperdir, locked. On open descriptions, which a kill closes too.
    private let locks: [Int32]

    private let counter = Atomic<UInt64>(0)
    /// The name in `directory` of the whiteout that all deletions link to; nil until needed. Guarded by its lock.
    private let shared = Locked<[CChar]?>(nil)

    deinit {
        for raw in locks + [directory.raw, index?.raw ?? -1, origins?.raw ?? -1] where raw >= 0 { _ = cl_close(raw) }
    }

    var whiteoutForm: String { devices ? "character devices 0/0" : ".wh. files" }

    init(_ path: [UInt8], upper: Layer, configuration: Configuration, marks: MarkNames) throws(Refusal) {
        func refuse(_ reason: String) -> Refusal { Refusal("workdir \(printable(path)): \(reason)") }
        var notes: [String] = []
        do {
            let work = try withName(path) { (name) throws(Errno) in
                try FD.workingDirectory.open(name.path, [.readOnly, .directory])
            }
            let status = try work.fd.status()
            let upperStatus = try FD(upper.root).status()
            guard status.ino != upperStatus.ino || status.dev != upperStatus.dev else {
                throw refuse("is the same directory as the upperdir")
            }
            guard status.dev == upperStatus.dev, status.mount_id == upperStatus.mount_id else {
                throw refuse("must be on the same filesystem and mount as upperdir \(printable(upper.path))")
            }
            if try Self.isBeneath(work.fd, ancestor: upperStatus) { throw refuse("must not be inside the upperdir") }
            if try Self.isBeneath(FD(upper.root), ancestor: status) { throw refuse("must not contain the upperdir") }
            guard Self.lock(work.fd) else { throw refuse("in use by another mount") }
            let upperLock = try FD(upper.root).open(".", [.readOnly, .directory])
            guard Self.lock(upperLock.fd) else {
                throw Refusal("upperdir \(printable(upper.path)): in use by another mount")
            }
            let directory = try Self.open(work.fd, "work", or: refuse)
            try Self.checkMarks(directory.fd, path)
            try directory.fd.removeContents()
            if configuration.volatile {
                try directory.fd.makeDirectory("incompat", mode: 0o700)
                try directory.fd.makeDirectory("incompat/volatile", mode: 0o700)
            }
            devices = try Self.tryWhiteout(directory.fd, configuration.whiteouts, or: refuse)
            unnamed = Self.canOpenUnnamed(directory.fd)
            let hasHandles = Origin(FD(upper.root), "", uuid: upper.uuid) != nil
            var index: FD?
            if configuration.index, hasHandles {
                index = FD(try Self.open(work.fd, "index", or: refuse).release())
            } else if configuration.index {
                notes.append("index: off, the filesystem of the upperdir has no file handles")
            }
            self.index = index
            origins =
                marks.userMode && hasHandles ? FD(try Self.open(work.fd, "origins", or: refuse).release()) : nil
            self.directory = FD(directory.release())
            locks = [work.release(), upperLock.release()]
        } catch let error as Errno {
            throw refuse(error == .readOnly ? "is on a read-only filesystem" : "\(error)")
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw refuse("\(error)")
        }
        self.notes = notes
    }

    /// A mount that has just ended may hold it for a moment: umount(2) does not wait for a FUSE server.
    private static func lock(_ directory: FD) -> Bool {
        for attempt in 0..<300 {
            if attempt > 0 { usleep(10_000) }
            if cl_flock_exclusive(directory.raw) >= 0 { return true }
        }
        return false
    }

    /// Lets the next mount have the directories, when nothing more will be changed.
    func unlock() { for raw in locks { _ = cl_unlock(raw) } }

    private static func canOpenUnnamed(_ directory: FD) -> Bool {
        guard let file = try? directory.open(".", [.temporary, .readWrite], mode: 0o600) else { return false }
        return file.raw >= 0
    }

    private static func open(
        _ work: FD, _ name: CPath, or refuse: (String) -> Refusal
    ) throws(Errno) -> Descriptor {
        do { try work.makeDirectory(name, mode: 0o700) } catch Errno.exists {
            // The kernel leaves it with mode 0.
            try? work.setMode(name, 0o700)
        }
        return try work.open(name, [.readOnly, .directory, .noFollow])
    }

    /// Walks up from a directory; true when it meets `ancestor`.
    private static func isBeneath(_ start: FD, ancestor: Status) throws(Errno) -> Bool {
        var here = try start.open(".", [.path, .directory])
        var status = try here.fd.status()
        while true {
            let up = try here.fd.open("..", [.path, .directory])
            let above = try up.fd.status()
            if above.ino == status.ino, above.dev == status.dev { return false }
            if above.ino == ancestor.ino, above.dev == ancestor.dev { return true }
            here = up
            status = above
        }
    }

    private static func checkMarks(_ directory: FD, _ path: [UInt8]) throws {
        guard let marks = try? directory.open("incompat", [.readOnly, .directory, .noFollow]) else { return }
        var found: [UInt8]?
        try marks.fd.forEachEntry { entry in
            found = Array(entry.name)
            return false
        }
        guard let name = found else { return }
        let mark = printable(path) + "/work/incompat/" + printable(name)
        throw Refusal(
            name.elementsEqual("volatile".utf8)
                ? "\(mark): the upperdir was mounted volatile and may be incomplete; remove the mark to accept that"
                : "\(mark): a feature that is not known here; refusing to write")
    }

    private static func tryWhiteout(
        _ directory: FD, _ wanted: Configuration.Whiteouts, or refuse: (String) -> Refusal
    ) throws -> Bool {
        if wanted != .file {
            do throws(Errno) {
                try directory.makeNode("#try", mode: 0o020000, device: 0)
                let works = try directory.status("#try").isWhiteout
                try directory.unlink("#try")
                if works { return true }
            } catch { if wanted == .device { throw refuse("cannot hold 0/0 devices: \(error)") } }
        }
        do throws(Errno) {
            let file = try directory.open(".wh.#try", [.create, .exclusive, .writeOnly], mode: 0o600)
            _ = consume file
            try directory.unlink(".wh.#try")
            return false
        } catch {
            throw refuse("can hold neither 0/0 devices nor .wh. files: \(error)")
        }
    }

    /// A name that nothing in `directory` has.
    func temporaryName() -> [CChar] {
        let number = counter.add(1, ordering: .relaxed).newValue
        return ("#" + String(number, radix: 16)).utf8.map { CChar(bitPattern: $0) } + [0]
    }

    /// Puts a whiteout device at `name`, which must not exist: a link to the one they all share (SEMANTICS 4.6).
    func linkWhiteout(to target: FD, _ name: CPath) throws(Errno) {
        for attempt in 0..<2 {
            let source = try shared.withLock { (current) throws(Errno) -> [CChar] in
                if let known = current, attempt == 0 { return known }
                let fresh = temporaryName()
                try directory.makeNode(fresh, mode: 0o020000, device: 0)
                // The full one's links stay; only its name here goes.
                if let full = current { try? directory.unlink(full) }
                current = fresh
                return fresh
            }
            do {
                return try directory.link(source, to: target, name)
            } catch Errno.tooManyLinks where attempt == 0 {
                continue
            } catch Errno.noEntry where attempt == 0 {
                continue
            } catch Errno.notPermitted {
                // Hard links to devices may be forbidden (fs.protected_hardlinks).
                return try target.makeNode(name, mode: 0o020000, device: 0)
            }
        }
    }
}
