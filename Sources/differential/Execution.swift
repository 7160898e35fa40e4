import CDifferential
import Glibc

/// Does operations to one mount.
final class Executor {
    /// How many descriptors are kept open at most.
    static let slotCount = 5

    let mount: Bytes
    private(set) var slots: [Int32?] = Array(repeating: nil, count: slotCount)
    private var mappings: [Mapping?] = Array(repeating: nil, count: slotCount)
    private(set) var scan: DirectoryScan?
    private let scratch = Scratch()

    /// Whether copy_file_range is helped across file systems (see `Meant.copiesAcross`).
    private let copiesAcross: Bool

    init(mount: Bytes, copiesAcross: Bool = false) {
        self.mount = mount
        self.copiesAcross = copiesAcross
    }

    /// What `fstat` says of each open slot.
    func openFiles() -> [OpenFile] {
        slots.indices.compactMap { slot in
            guard let fd = slots[slot] else { return nil }
            var stat = cd_stat()
            let result = cd_fstat(fd, &stat)
            if result < 0 { return OpenFile(slot: slot, shown: errnoName(-result), stat: cd_stat()) }
            return OpenFile(slot: slot, shown: String(decoding: Self.describe(stat), as: UTF8.self), stat: stat)
        }
    }

    func closeAll() {
        for slot in slots.indices { closeSlot(slot) }
        scan = nil
    }

    func perform(_ step: Step) -> Outcome {
        _ = umask(mode_t(step.actor.umask))
        if step.actor.uid != 0 || step.actor.gid != 0 { _ = cd_become(step.actor.uid, step.actor.gid) }
        defer {
            if step.actor.uid != 0 || step.actor.gid != 0 { _ = cd_become(0, 0) }
            _ = umask(0o022)
        }
        defer { scan?.watch() }
        if let outcome = performOnFile(step.operation) { return outcome }
        if let outcome = performOnName(step.operation) { return outcome }
        if let outcome = performOnAttribute(step.operation) { return outcome }
        return performOnSlot(step.operation)
    }

    private func at<Result>(_ path: Bytes, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        mount.appending(path).withPath(body)
    }

    private func outcome(_ result: Int32) -> Outcome {
        Outcome(code: Int64(result))
    }

    /// For glibc's functions, which put the reason into errno.
    private func checked(_ result: Int32) -> Outcome {
        Outcome(code: result < 0 ? -Int64(errno) : Int64(result))
    }

    // MARK: Files

    private func performOnFile(_ operation: Operation) -> Outcome? {
        switch operation {
        case .open(let path, let flags, let mode, let write, let slot):
            return open(path, flags, mode, write, slot)
        case .temporary(let path, let mode, let write, let link, let slot):
            return temporary(path, mode, write, link, slot)
        case .truncate(let path, let size): return at(path) { checked(Glibc.truncate($0, off_t(size))) }
        case .fallocate(let path, let mode, let offset, let length):
            return with(path, O_RDWR) { outcome(cd_fallocate($0, mode, offset, length)) }
        case .write(let path, let offset, let data):
            return with(path, O_WRONLY) { pwrite($0, data, at: offset) }
        case .mapWrite(let path, let offset, let data):
            return with(path, O_RDWR) { mapWrite($0, data, at: offset) }
        case .copyRange(let from, let offset, let to, let target, let length):
            return with(from, O_RDONLY) { source in
                // Whether the other end of a fifo can be opened is another question.
                if !isFile(source) { return outcome(-EINVAL) }
                return with(to, O_WRONLY) {
                    let count = cd_copy_file_range(source, offset, $0, target, length)
                    return count == -Int64(EXDEV) && copiesAcross
                        ? copy(source, offset, $0, target, length) : Outcome(code: count)
                }
            }
        case .seek(let path, let offset, let whence):
            return with(path, O_RDONLY) { seek($0, offset, whence) }
        case .scanBegin(let path):
            let fd = at(path) { cd_open($0, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0) }
            scan = DirectoryScan(fd)
            return Outcome(code: Int64(min(fd, 0)))
        case .scanOn:
            scan?.advance()
            return Outcome(code: 0)
        case .scanEnd:
            defer { scan = nil }
            return scan?.finish() ?? outcome(-EBADF)
        case .list(let path, let size): return with(path, O_RDONLY | O_DIRECTORY) { list($0, size) }
        default: return nil
        }
    }

    private func with(_ path: Bytes, _ flags: Int32, _ body: (Int32) -> Outcome) -> Outcome {
        let fd = at(path) { cd_open($0, flags | O_NONBLOCK, 0) }
        guard fd >= 0 else { return outcome(fd) }
        defer { close(fd) }
        return body(fd)
    }

    private func open(_ path: Bytes, _ flags: Int32, _ mode: UInt32, _ write: Payload?, _ slot: Int?) -> Outcome {
        let fd = at(path) { cd_open($0, flags, mode) }
        guard fd >= 0 else { return outcome(fd) }
        var result = Outcome(code: 0)
        if let write {
            let bytes = write.bytes
            let count = Glibc.write(fd, bytes, bytes.count)
            result.code = count < 0 ? -Int64(errno) : Int64(count)
        } else if flags & O_ACCMODE == O_RDONLY && flags & (O_DIRECTORY | Int32(CD_O_PATH)) == 0 {
            result = read(fd, at: 0, length: 65536)
        }
        keep(fd, in: slot)
        return result
    }

    private func temporary(_ path: Bytes, _ mode: UInt32, _ data: Payload, _ link: Bytes, _ slot: Int?) -> Outcome {
        let fd = at(path) { cd_open($0, O_RDWR | Int32(CD_O_TMPFILE), mode) }
        guard fd >= 0 else { return outcome(fd) }
        var result = pwrite(fd, data, at: 0)
        result.detail = describe(fd)
        if !link.isEmpty { result.code = Int64(at(link) { cd_link_fd(fd, $0) }) }
        keep(fd, in: slot)
        return result
    }

    private func read(_ fd: Int32, at offset: Int64, length: Int) -> Outcome {
        let count = Glibc.pread(fd, scratch.base, min(length, Scratch.size), off_t(offset))
        if count < 0 { return Outcome(code: -Int64(errno)) }
        var digest = Digest()
        digest.add(UnsafeRawBufferPointer(start: scratch.base, count: count))
        return Outcome(code: Int64(count), detail: Bytes("digest " + String(digest.value, radix: 16)))
    }

    private func pwrite(_ fd: Int32, _ data: Payload, at offset: Int64) -> Outcome {
        let bytes = data.bytes
        let count = Glibc.pwrite(fd, bytes, bytes.count, off_t(offset))
        return Outcome(code: count < 0 ? -Int64(errno) : Int64(count))
    }

    /// Not of a directory: there FUSE's part in the kernel answers, and nobody asks.
    private func seek(_ fd: Int32, _ offset: Int64, _ whence: Int32) -> Outcome {
        var stat = cd_stat()
        if cd_fstat(fd, &stat) == 0 && stat.mode & UInt32(S_IFMT) == UInt32(S_IFDIR) { return outcome(-EISDIR) }
        let found = cd_seek(fd, offset, whence)
        // Holes may differ (`Meant.outcome`); where the next write goes must not.
        _ = cd_seek(fd, offset, SEEK_SET)
        return Outcome(code: found)
    }

    private func isFile(_ fd: Int32) -> Bool {
        var stat = cd_stat()
        return cd_fstat(fd, &stat) == 0 && stat.mode & UInt32(S_IFMT) == UInt32(S_IFREG)
    }

    private func copy(_ from: Int32, _ offset: Int64, _ to: Int32, _ target: Int64, _ length: UInt64) -> Outcome {
        let wanted = min(Int(length), Scratch.size)
        let count = Glibc.pread(from, scratch.base, wanted, off_t(offset))
        if count < 0 { return Outcome(code: -Int64(errno)) }
        let written = Glibc.pwrite(to, scratch.base, count, off_t(target))
        return Outcome(code: written < 0 ? -Int64(errno) : Int64(written))
    }

    /// Within the file as it is: beyond its end a mapping ends the process.
    private func mapWrite(_ fd: Int32, _ data: Payload, at offset: Int64) -> Outcome {
        var stat = cd_stat()
        let result = cd_fstat(fd, &stat)
        if result < 0 { return outcome(result) }
        let bytes = data.bytes
        if stat.mode & UInt32(S_IFMT) != UInt32(S_IFREG) { return outcome(-ENODEV) }
        if offset + Int64(bytes.count) > Int64(stat.size) { return outcome(-ENXIO) }
        return outcome(cd_mmap_write(fd, offset, bytes, UInt64(bytes.count)))
    }

    /// Whether a mapping shows what a read does, and what that is.
    private func mapRead(_ fd: Int32, _ slot: Int) -> Outcome {
        var stat = cd_stat()
        let result = cd_fstat(fd, &stat)
        if result < 0 { return outcome(result) }
        guard stat.mode & UInt32(S_IFMT) == UInt32(S_IFREG) else { return outcome(-ENODEV) }
        if mappings[slot] == nil { mappings[slot] = Mapping(fd, min(stat.size, 65536)) }
        guard let mapping = mappings[slot] else { return outcome(-ENODATA) }
        let expected = read(fd, at: 0, length: 65536)
        let count = mapping.copy(to: scratch.base, stat.size)
        var digest = Digest()
        digest.add(UnsafeRawBufferPointer(start: scratch.base, count: Int(max(0, count))))
        // The mapping may be shorter than the file is by now: then as much is read.
        let same = read(fd, at: 0, length: Int(max(0, count))).detail
        let shown = Bytes("digest " + String(digest.value, radix: 16))
        if count == Int64(mapping.reach(stat.size)) && shown == same {
            return Outcome(code: expected.code, detail: Bytes("mapped as read: ") + shown)
        }
        return Outcome(code: expected.code, detail: Meant.mappedUnlikeRead)
    }

    private func list(_ fd: Int32, _ size: Int) -> Outcome {
        var names: [Bytes] = []
        let result = forEachEntry(of: fd, bufferSize: size) { entry in
            // See `Meant.contradictionsCount`: the kernel lists whiteouts that it then does not find.
            var stat = cd_stat()
            if entry.bytes.withPath({ cd_statx(fd, $0, 0, &stat) }) != -ENOENT { names.append(entry.bytes) }
        }
        names.sort(by: precedes)
        var detail = Bytes()
        for name in names { detail += Bytes(name.shown) + [0x20] }
        return Outcome(code: Int64(result), detail: result < 0 ? [] : detail)
    }

    // MARK: Names

    private func performOnName(_ operation: Operation) -> Outcome? {
        switch operation {
        case .makeDirectory(let path, let mode): return at(path) { checked(mkdir($0, mode_t(mode))) }
        case .removeDirectory(let path): return at(path) { checked(rmdir($0)) }
        case .unlink(let path): return at(path) { checked(Glibc.unlink($0)) }
        case .removeTree(let path):
            removeTree(mount.appending(path))
            return Outcome(code: 0)
        case .rename(let from, let to, let flags):
            return at(from) { from in at(to) { outcome(cd_renameat2(from, $0, flags)) } }
        case .link(let from, let to): return at(from) { from in at(to) { outcome(cd_link(from, $0)) } }
        case .symlink(let path, let target):
            return target.withPath { target in at(path) { checked(Glibc.symlink(target, $0)) } }
        case .readLink(let path):
            let count = at(path) { readlink($0, scratch.base, Scratch.size) }
            if count < 0 { return Outcome(code: -Int64(errno)) }
            return Outcome(code: Int64(count), detail: Bytes(UnsafeRawBufferPointer(start: scratch.base, count: count)))
        case .makeNode(let path, let mode, let major, let minor):
            return at(path) { outcome(cd_mknod($0, mode, major, minor)) }
        default: return nil
        }
    }

    // MARK: Attributes

    private func performOnAttribute(_ operation: Operation) -> Outcome? {
        switch operation {
        case .chmod(let path, let mode): return at(path) { checked(Glibc.chmod($0, mode_t(mode))) }
        case .chown(let path, let uid, let gid): return at(path) { checked(lchown($0, uid, gid)) }
        case .setTimes(let path, let atime, let mtime, let nanoseconds):
            var stat = cd_stat()
            return at(path) {
                let result = cd_utimens($0, atime, nanoseconds, mtime, nanoseconds)
                if result < 0 { return outcome(result) }
                let answer = cd_statx(-1, $0, 0, &stat)
                return Outcome(code: Int64(answer), detail: Bytes("atime \(stat.atime_sec).\(stat.atime_nsec)"))
            }
        case .setXattr(let path, let xattr, let flags):
            return at(path) { path in
                xattr.name.withPath { outcome(cd_setxattr(path, $0, xattr.value, UInt64(xattr.value.count), flags)) }
            }
        case .removeXattr(let path, let name):
            return at(path) { path in name.withPath { outcome(cd_removexattr(path, $0)) } }
        case .getXattr(let path, let name):
            let count = at(path) { path in
                name.withPath { cd_getxattr(path, $0, scratch.base, UInt64(Scratch.size)) }
            }
            return Outcome(code: count, detail: count > 0 ? taken(Int(count)) : [])
        case .listXattr(let path):
            // The size alone: the names are compared, sorted, with the whole tree. (Asked without a buffer, the kernel
            // counts its own attributes too.)
            return Outcome(code: at(path) { cd_listxattr($0, scratch.base, UInt64(Scratch.size)) })
        case .access(let path, let mode): return at(path) { outcome(cd_access($0, mode)) }
        case .stat(let path):
            var stat = cd_stat()
            let result = at(path) { cd_statx(-1, $0, 1, &stat) }
            // The time is compared with the tree.
            stat.mtime_sec = 0
            stat.mtime_nsec = 0
            return Outcome(code: Int64(result), detail: result < 0 ? [] : Self.describe(stat))
        case .statFilesystem(let path):
            var statfs = cd_statfs()
            let result = at(path) { cd_statfs($0, &statfs) }
            let text = "blocks \(statfs.blocks) of \(statfs.block_size), names of \(statfs.name_length)"
            return Outcome(code: Int64(result), detail: result < 0 ? [] : Bytes(text))
        case .setFlags(let path, let flags):
            return with(path, O_RDONLY) { fd in
                // Besides those that are there: without its extents flag ext4 would rewrite the file.
                var (before, now): (UInt32, UInt32) = (0, 0)
                let known = cd_get_flags(fd, &before)
                if known < 0 { return outcome(known) }
                let result = cd_set_flags(fd, before | flags)
                if result < 0 { return outcome(result) }
                let answer = cd_get_flags(fd, &now)
                _ = cd_set_flags(fd, before)
                return Outcome(code: Int64(answer), detail: Bytes("flags \(now & flags)"))
            }
        default: return nil
        }
    }

    private func taken(_ count: Int) -> Bytes {
        Bytes(hexadecimal(Bytes(UnsafeRawBufferPointer(start: scratch.base, count: count))))
    }

    // MARK: Descriptors

    private func keep(_ fd: Int32, in slot: Int?) {
        guard let slot else {
            close(fd)
            return
        }
        closeSlot(slot)
        slots[slot] = fd
    }

    private func closeSlot(_ slot: Int) {
        mappings[slot] = nil
        if let fd = slots[slot] { close(fd) }
        slots[slot] = nil
    }

    private func performOnSlot(_ operation: Operation) -> Outcome {
        switch operation {
        case .slotRead(let slot, let offset, let length): return on(slot) { read($0, at: offset, length: length) }
        case .slotWrite(let slot, let offset, let data):
            return on(slot) { fd in
                if let offset { return pwrite(fd, data, at: offset) }
                let bytes = data.bytes
                let count = Glibc.write(fd, bytes, bytes.count)
                return Outcome(code: count < 0 ? -Int64(errno) : Int64(count))
            }
        case .slotStat(let slot): return on(slot) { Outcome(code: 0, detail: describe($0)) }
        case .slotTruncate(let slot, let size): return on(slot) { checked(ftruncate($0, off_t(size))) }
        case .slotFallocate(let slot, let mode, let offset, let length):
            return on(slot) { outcome(cd_fallocate($0, mode, offset, length)) }
        case .slotSeek(let slot, let offset, let whence): return on(slot) { seek($0, offset, whence) }
        case .slotLink(let slot, let path): return on(slot) { fd in at(path) { outcome(cd_link_fd(fd, $0)) } }
        case .slotChmod(let slot, let mode): return on(slot) { checked(fchmod($0, mode_t(mode))) }
        case .slotChown(let slot, let uid, let gid): return on(slot) { checked(fchown($0, uid, gid)) }
        case .slotSetXattr(let slot, let xattr):
            return on(slot) { fd in
                xattr.name.withPath { outcome(cd_fsetxattr(fd, $0, xattr.value, UInt64(xattr.value.count), 0)) }
            }
        case .slotMapWrite(let slot, let offset, let data): return on(slot) { mapWrite($0, data, at: offset) }
        case .slotMapRead(let slot): return on(slot) { mapRead($0, slot) }
        case .slotList(let slot):
            return on(slot) { fd in
                _ = cd_seek(fd, 0, SEEK_SET)
                return list(fd, 512)
            }
        case .slotSync(let slot): return on(slot) { checked(fsync($0)) }
        case .slotClose(let slot):
            return on(slot) { _ in
                closeSlot(slot)
                return Outcome(code: 0)
            }
        default: return outcome(-ENOSYS)
        }
    }

    private func on(_ slot: Int, _ body: (Int32) -> Outcome) -> Outcome {
        guard let fd = slots[slot] else { return outcome(-EBADF) }
        return body(fd)
    }

    private func describe(_ fd: Int32) -> Bytes {
        var stat = cd_stat()
        let result = cd_fstat(fd, &stat)
        return result < 0 ? Bytes(errnoName(-result)) : Self.describe(stat)
    }
}
