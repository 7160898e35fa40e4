import CDifferential
import Glibc

/// Makes up the next step from what the tree looks like (the kernel's, so that a seed says everything).
struct OperationGenerator {
    var random: Random
    let vocabulary: Vocabulary
    let actors: [UInt32]
    private var openSlots: Set<Int> = []
    private var isScanning = false
    /// Where descriptors that are kept were opened: what happens to those files is worth more attention.
    private var keptPaths: [Int: Bytes] = [:]

    init(random: Random, vocabulary: Vocabulary, actors: [UInt32]) {
        self.random = random
        self.vocabulary = vocabulary
        self.actors = actors
    }

    mutating func next(_ tree: Snapshot, openSlots: Set<Int>) -> Step {
        self.openSlots = openSlots
        var step = Step(operation: operation(tree))
        switch step.operation {
        case .open(let path, _, _, _, .some(let slot)), .temporary(_, _, _, let path, .some(let slot)):
            keptPaths[slot] = path
        default: break
        }
        if random.chance(15), let uid = random.pick(actors) {
            step.actor = Actor(uid: uid, gid: random.pick(actors, or: uid))
        }
        if random.chance(10) { step.actor.umask = random.pick([0, 0o027, 0o077, 0o002], or: 0) }
        return step
    }

    private mutating func operation(_ tree: Snapshot) -> Operation {
        if isScanning && random.chance(25) { return scanning(tree) }
        if !openSlots.isEmpty && random.chance(18) { return slotOperation(tree) }
        // A large tree shrinks again: comparisons cost by the object.
        let crowded = tree.nodes.count > 42
        switch random.below(crowded ? 80 : 100) {
        case 0..<4: return .removeTree(directory(tree, notRoot: true))
        case 4..<11: return .unlink(existing(tree) { !$0.isDirectory })
        case 11..<15: return .removeDirectory(existing(tree, \.isDirectory))
        case 15..<29: return renaming(tree)
        case 29..<44: return opening(tree)
        case 44..<55: return changingContent(tree)
        case 55..<68: return changingAttributes(tree)
        case 68..<74: return changingXattrs(tree)
        case 74..<80: return reading(tree)
        case 80..<86: return .makeDirectory(newPath(tree), vocabulary.directoryMode(&random))
        case 86..<91: return .link(existing(tree) { !$0.isDirectory }, newPath(tree))
        case 91..<94: return .symlink(newPath(tree), target: vocabulary.symlinkTarget(&random))
        case 94..<97: return makingNode(tree)
        default:
            let link = random.chance(70) ? newPath(tree) : []
            return .temporary(
                directory(tree), mode: vocabulary.fileMode(&random), write: payload(), link: link, slot: freeSlot(40))
        }
    }

    // MARK: Choosing

    /// Mostly a path of the wanted kind, sometimes any, sometimes none that exists.
    private mutating func existing(_ tree: Snapshot, _ wanted: (Node) -> Bool) -> Bytes {
        if random.chance(15) {
            let kept = openSlots.sorted().compactMap { keptPaths[$0].flatMap { tree[$0] } }.filter(wanted)
            if let node = random.pick(kept) { return node.path }
        }
        let roll = random.below(100)
        if roll < 88, let node = random.pick(tree.nodes.filter { !$0.path.isEmpty && wanted($0) }) { return node.path }
        if roll < 96, let node = random.pick(tree.nodes) { return node.path }
        return newPath(tree)
    }

    private mutating func directory(_ tree: Snapshot, notRoot: Bool = false) -> Bytes {
        let all = tree.nodes.filter { $0.isDirectory && !(notRoot && $0.path.isEmpty) && $0.path.depth < 5 }
        return random.pick(all)?.path ?? vocabulary.name(&random)
    }

    private mutating func newPath(_ tree: Snapshot) -> Bytes {
        let parent = random.chance(95) ? directory(tree) : existing(tree) { _ in true }
        return parent.appending(vocabulary.name(&random))
    }

    private mutating func payload() -> Payload {
        Payload(seed: random.next(), length: vocabulary.size(&random))
    }

    private mutating func offset() -> Int64 {
        random.pick([0, 0, 1, 100, 4000, 4096, 8192, 10_000, 40_960, 65_536], or: 0)
    }

    private mutating func freeSlot(_ percent: Int) -> Int? {
        random.chance(percent) ? random.below(Executor.slotCount) : nil
    }

    private mutating func file(_ tree: Snapshot) -> Bytes {
        existing(tree, \.isFile)
    }

    // MARK: Families

    private mutating func opening(_ tree: Snapshot) -> Operation {
        let mode = vocabulary.fileMode(&random)
        let slot = freeSlot(45)
        if random.chance(35) {
            var flags = random.chance(70) ? O_WRONLY | O_CREAT : O_RDWR | O_CREAT
            flags |= random.pick([0, O_EXCL, O_TRUNC, O_APPEND, O_EXCL | O_NOFOLLOW], or: 0)
            let path = random.chance(75) ? newPath(tree) : file(tree)
            return .open(path, flags: flags | O_NONBLOCK, mode: mode, write: payload(), slot: slot)
        }
        switch random.below(10) {
        case 0..<4:
            return .open(file(tree), flags: O_RDONLY | O_NONBLOCK, mode: 0, write: nil, slot: slot ?? freeSlot(50))
        case 4..<8:
            var flags = random.chance(50) ? O_WRONLY : O_RDWR
            flags |= random.pick([0, O_TRUNC, O_APPEND, O_NOFOLLOW, Int32(O_SYNC)], or: 0)
            let data = random.chance(70) ? payload() : nil
            return .open(file(tree), flags: flags | O_NONBLOCK, mode: 0, write: data, slot: slot)
        case 8:
            let flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK
            return .open(existing(tree, \.isDirectory), flags: flags, mode: 0, write: nil, slot: slot)
        default:
            let flags = random.pick(
                [O_RDONLY | O_TRUNC, O_RDONLY | O_NOFOLLOW, Int32(CD_O_PATH), O_RDONLY | Int32(CD_O_DIRECT)], or: 0)
            let path = existing(tree) { $0.isFile || $0.isSymlink }
            // Kept, it would be used for reads that ext4 finds unaligned, and others do not.
            let kept = flags & Int32(CD_O_DIRECT) != 0 ? nil : slot
            return .open(path, flags: flags | O_NONBLOCK, mode: 0, write: nil, slot: kept)
        }
    }

    private mutating func renaming(_ tree: Snapshot) -> Operation {
        let from = existing(tree) { _ in true }
        let roll = random.below(100)
        let flags: UInt32
        switch random.below(20) {
        case 0, 1: flags = UInt32(CD_RENAME_NOREPLACE)
        case 2, 3, 4: flags = UInt32(CD_RENAME_EXCHANGE)
        case 5: flags = UInt32(CD_RENAME_WHITEOUT)
        default: flags = 0
        }
        if flags == UInt32(CD_RENAME_EXCHANGE) || roll < 25 {
            let type = tree[from]?.isDirectory ?? false
            return .rename(from, existing(tree) { $0.isDirectory == type }, flags: flags)
        }
        return .rename(from, newPath(tree), flags: flags)
    }

    private mutating func changingContent(_ tree: Snapshot) -> Operation {
        switch random.below(12) {
        case 0..<4: return .write(file(tree), offset: offset(), payload())
        case 4..<6: return .truncate(file(tree), random.pick([0, 1, 100, 4096, 5000, 20_000], or: 0))
        case 6..<9:
            let length = random.pick([1, 100, 4096, 5000, 8192, 65_536], or: Int64(1))
            return .fallocate(file(tree), mode: fallocateMode(), offset: offset(), length: length)
        case 9, 10:
            let length = random.pick([0, 1, 4096, 10_000, 100_000], or: UInt64(1))
            let from = file(tree)
            guard Meant.knowsAttributes(of: tree[from], vocabulary) else { return .stat(from) }
            // On one file the ranges must not overlap by accident of the sizes: another file.
            return .copyRange(from, offset(), existing(tree) { $0.isFile && $0.path != from }, offset(), length)
        default: return .mapWrite(file(tree), offset: random.pick([0, 10, 4096], or: 0), payload())
        }
    }

    private mutating func fallocateMode() -> Int32 {
        let keep = Int32(CD_FALLOC_KEEP_SIZE)
        // FUSE's part in the kernel refuses to collapse and to insert ranges (EOPNOTSUPP): no server can do better.
        let modes = [
            0, keep, keep | Int32(CD_FALLOC_PUNCH_HOLE), Int32(CD_FALLOC_ZERO_RANGE),
            Int32(CD_FALLOC_ZERO_RANGE) | keep,
        ]
        return random.pick(modes, or: 0)
    }

    private mutating func changingAttributes(_ tree: Snapshot) -> Operation {
        let path = random.chance(4) ? [] : existing(tree) { _ in true }
        let isDirectory = tree[path]?.isDirectory ?? false
        guard isDirectory || Meant.knowsAttributes(of: tree[path], vocabulary) else { return .stat(path) }
        switch random.below(13) {
        case 0..<5:
            return .chmod(path, isDirectory ? vocabulary.directoryMode(&random) : vocabulary.fileMode(&random))
        case 5..<9:
            let uid = random.chance(20) ? UInt32.max : random.pick(vocabulary.ids, or: 0)
            let gid = random.chance(20) ? UInt32.max : random.pick(vocabulary.ids, or: 0)
            return .chown(path, uid, gid)
        case 9..<12:
            let times = (vocabulary.time(&random), vocabulary.time(&random))
            return .setTimes(path, atime: times.0, mtime: times.1, nanoseconds: UInt32(random.below(1_000_000_000)))
        case 12 where !vocabulary.setsFlags: return .chmod(path, 0o700)
        default: return .setFlags(path, random.pick([0x40, 0x80, 0xc0], or: 0x40))
        }
    }

    private mutating func xattrName() -> Bytes {
        var names = ["user.a", "user.b", "user.none", "security.capability", "system.posix_acl_access"]
        names += ["system.posix_acl_default", vocabulary.prefix + "x", vocabulary.prefix + "opaque", "user.overlay.x"]
        names += [vocabulary.prefix + "overlay.x", "trusted.t", vocabulary.prefix + "metacopy"]
        return Bytes(random.pick(names, or: "user.a"))
    }

    private mutating func changingXattrs(_ tree: Snapshot) -> Operation {
        let path = existing(tree) { $0.isFile || $0.isDirectory }
        let node = tree[path]
        guard node?.isDirectory ?? true || Meant.knowsAttributes(of: node, vocabulary) else { return .listXattr(path) }
        let flags = random.pick([0, 0, 0, 1, 2], or: Int32(0))
        switch random.below(10) {
        case 0..<3: return .setXattr(path, vocabulary.userXattr(&random), flags: flags)
        case 3..<5: return .setXattr(path, vocabulary.acl(&random, onDirectory: node?.isDirectory ?? false), flags: 0)
        case 5 where vocabulary.isInitialRoot: return .setXattr(path, vocabulary.capability(&random), flags: flags)
        case 6:
            let name = xattrName()
            // An empty capability is taken, and then the kernel cannot remove the directory (EINVAL).
            let values = name == Bytes("security.capability") ? ["y", "value"] : ["y", "x", "value", ""]
            return .setXattr(path, Xattr(name: name, value: Bytes(random.pick(values, or: "y"))), flags: flags)
        default:
            let present = node?.xattrs.map(\.name) ?? []
            return .removeXattr(path, random.chance(70) ? random.pick(present, or: xattrName()) : xattrName())
        }
    }

    private mutating func scanning(_ tree: Snapshot) -> Operation {
        if !isScanning {
            isScanning = true
            return .scanBegin(directory(tree))
        }
        if random.chance(75) { return .scanOn }
        isScanning = false
        return .scanEnd
    }

    private mutating func reading(_ tree: Snapshot) -> Operation {
        switch random.below(12) {
        case 9, 10: return scanning(tree)
        case 0: return .readLink(existing(tree, \.isSymlink))
        case 1:
            let path = existing(tree) { !$0.xattrs.isEmpty }
            return .getXattr(path, random.pick(tree[path]?.xattrs.map(\.name) ?? [], or: xattrName()))
        case 2: return .listXattr(existing(tree) { _ in true })
        case 3, 4: return .access(existing(tree) { _ in true }, random.pick([0, 1, 2, 4, 6, 7], or: 0))
        case 5: return .seek(file(tree), offset(), whence: Int32(random.chance(50) ? CD_SEEK_DATA : CD_SEEK_HOLE))
        case 6: return .stat(existing(tree) { _ in true })
        case 7: return .list(existing(tree, \.isDirectory), bufferSize: 300)
        default: return random.chance(30) ? .statFilesystem(existing(tree) { !$0.isSymlink }) : .stat(newPath(tree))
        }
    }

    private mutating func makingNode(_ tree: Snapshot) -> Operation {
        let path = newPath(tree)
        let mode = vocabulary.fileMode(&random)
        switch random.below(vocabulary.isInitialRoot ? 5 : 3) {
        case 0, 1: return .makeNode(path, mode: UInt32(S_IFIFO) | mode, major: 0, minor: 0)
        case 2: return .makeNode(path, mode: UInt32(S_IFSOCK) | mode, major: 0, minor: 0)
        case 3:
            return .makeNode(
                path, mode: UInt32(S_IFCHR) | mode, major: UInt32(random.below(2)),
                minor: UInt32(random.pick([0, 3], or: 3)))
        default: return .makeNode(path, mode: UInt32(S_IFBLK) | mode, major: 240, minor: 1)
        }
    }

    private mutating func slotOperation(_ tree: Snapshot) -> Operation {
        let slot = random.pick(openSlots.sorted(), or: 0)
        let node = keptPaths[slot].flatMap { tree[$0] }
        let isPlain = Meant.tellsName(of: node, vocabulary) && Meant.knowsAttributes(of: node, vocabulary)
        switch random.below(25) {
        case 22..<25: return .slotMapRead(slot)
        case 0..<4: return .slotRead(slot, offset: offset(), length: 65536)
        case 4..<8: return .slotWrite(slot, offset: random.chance(60) ? offset() : nil, payload())
        case 8..<11: return .slotStat(slot)
        case 11: return .slotTruncate(slot, random.pick([0, 100, 5000], or: 0))
        case 12: return .slotFallocate(slot, mode: fallocateMode(), offset: offset(), length: 4096)
        case 13: return .slotSeek(slot, offset(), whence: Int32(random.chance(50) ? CD_SEEK_DATA : CD_SEEK_HOLE))
        case 14 where isPlain: return .slotLink(slot, newPath(tree))
        case 15 where isPlain: return .slotChmod(slot, vocabulary.fileMode(&random))
        case 16 where isPlain:
            return .slotChown(slot, random.pick(vocabulary.ids, or: 0), random.pick(vocabulary.ids, or: 0))
        case 17 where isPlain: return .slotSetXattr(slot, vocabulary.userXattr(&random))
        case 18: return .slotMapWrite(slot, offset: 0, payload())
        case 19: return .slotList(slot)
        case 20: return .slotSync(slot)
        default: return .slotClose(slot)
        }
    }
}
