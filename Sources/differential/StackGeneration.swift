/// Makes up stacks.
struct StackGenerator {
    var random: Random
    let vocabulary: Vocabulary
    let profile: Profile

    /// Paths of directories that some layer made so far has: where layers meet.
    private var directories: [Bytes] = [[]]
    private var paths: [Bytes] = []
    private var isUpper = false

    init(random: Random, vocabulary: Vocabulary, profile: Profile) {
        self.random = random
        self.vocabulary = vocabulary
        self.profile = profile
    }

    mutating func stack() -> Stack {
        let count = random.pick([1, 1, 2, 2, 2, 3, 3, 4, 5, 7, 9, 12], or: 2)
        var lowers: [Layer] = []
        // From the bottom up: whiteouts and opaque directories refer to what is below.
        for position in 0..<count {
            let entries = max(2, 22 / count) + random.below(5)
            var lower = layer(entries, aboveOthers: position > 0)
            lower.isForeign = profile.foreignLowers && random.chance(60)
            lowers.insert(lower, at: 0)
        }
        let upper = random.chance(35) ? upper() : Layer(entries: [root()])
        return Stack(lowers: lowers, upper: upper)
    }

    private mutating func upper() -> Layer {
        isUpper = true
        return layer(random.within(1...8), aboveOthers: true)
    }

    private mutating func root() -> Entry {
        Entry(path: [], kind: .directory(opaque: false), mode: random.chance(80) ? 0o755 : 0o777, mtime: 900_000_000)
    }

    private mutating func layer(_ wanted: Int, aboveOthers: Bool) -> Layer {
        var layer = Layer(entries: [root()])
        for _ in 0..<wanted {
            let parent = random.chance(70) ? random.pick(directories, or: []) : random.pick(own(layer), or: [])
            let path =
                aboveOthers && random.chance(45)
                ? random.pick(paths, or: vocabulary.name(&random)) : parent.appending(vocabulary.name(&random))
            guard path.depth <= 4, layer.entry(at: path) == nil, makeParents(of: path, in: &layer) else { continue }
            add(path, to: &layer, aboveOthers: aboveOthers)
        }
        for entry in layer.entries {
            if entry.isDirectory && !directories.contains(entry.path) { directories.append(entry.path) }
            if !entry.path.isEmpty && !paths.contains(entry.path) { paths.append(entry.path) }
        }
        return layer
    }

    private func own(_ layer: Layer) -> [Bytes] {
        layer.entries.filter(\.isDirectory).map(\.path)
    }

    /// Makes the directories above `path`; not where something else has such a name in this layer.
    private mutating func makeParents(of path: Bytes, in layer: inout Layer) -> Bool {
        let parent = path.parentPath
        if let entry = layer.entry(at: parent) { return entry.isDirectory }
        guard makeParents(of: parent, in: &layer) else { return false }
        layer.entries.append(directory(parent))
        return true
    }

    private mutating func directory(_ path: Bytes, opaque: Bool = false) -> Entry {
        var entry = Entry(path: path, kind: .directory(opaque: opaque), mode: vocabulary.directoryMode(&random))
        dress(&entry)
        return entry
    }

    private mutating func add(_ path: Bytes, to layer: inout Layer, aboveOthers: Bool) {
        var entry: Entry
        switch random.below(100) {
        case 0..<30:
            entry = directory(path, opaque: aboveOthers && random.chance(25))
            layer.entries.append(entry)
            return
        case 30..<42 where aboveOthers && directories.contains(path.parentPath):
            // With its prefix the name must still be one.
            if profile.foreignWhiteouts && path.lastName.count > 251 { return }
            let byAttribute = !isUpper && !profile.foreignWhiteouts && random.chance(25)
            layer.entries.append(Entry(path: path, kind: .whiteout(byAttribute: byAttribute)))
            return
        case 42..<52:
            entry = Entry(path: path, kind: .symlink(vocabulary.symlinkTarget(&random)), mode: 0o777)
        case 52..<66 where profile.lowerHardLinks:
            // What cannot have user.* attributes poisons the kernel's index: its next mount of that upper fails (ENODATA).
            let files = layer.entries.filter { profile.userXattrs ? $0.isFile : $0.canBeLinked }
            guard let first = random.pick(files) else { return }
            layer.entries.append(Entry(path: path, kind: .hardLink(first.path)))
            return
        case 66..<68: entry = Entry(path: path, kind: .fifo)
        case 68..<70: entry = Entry(path: path, kind: .socket)
        case 70..<72 where vocabulary.isInitialRoot:
            let character = random.chance(50)
            entry = Entry(path: path, kind: .device(character: character, major: character ? 1 : 240, minor: 3))
        default:
            entry = Entry(path: path, kind: .file(content()), mode: vocabulary.fileMode(&random))
        }
        dress(&entry)
        layer.entries.append(entry)
    }

    private mutating func content() -> Content {
        guard random.chance(15) else {
            let size = vocabulary.size(&random)
            return Content(size: size, pieces: size == 0 ? [] : [(0, Payload(seed: random.next(), length: size))])
        }
        let size = random.within(1...60) * 4096 + random.below(4096)
        var pieces: [(offset: Int, payload: Payload)] = []
        for _ in 0..<random.below(4) {
            let offset = random.below(size)
            let length = min(size - offset, random.within(1...5000))
            pieces.append((offset, Payload(seed: random.next(), length: length)))
        }
        return Content(size: size, pieces: pieces)
    }

    /// Owner, time and attributes.
    private mutating func dress(_ entry: inout Entry) {
        entry.uid = vocabulary.owner(&random)
        entry.gid = vocabulary.owner(&random)
        entry.mtime = vocabulary.time(&random)
        var isFile = false
        if case .file = entry.kind { isFile = true }
        if (isFile || entry.isDirectory) && random.chance(20) { entry.xattrs.append(vocabulary.userXattr(&random)) }
        if isFile && vocabulary.isInitialRoot && random.chance(8) {
            entry.xattrs.append(vocabulary.capability(&random))
        }
        if (isFile || entry.isDirectory) && random.chance(12) {
            entry.xattrs.append(vocabulary.acl(&random, onDirectory: entry.isDirectory))
        }
        if vocabulary.isInitialRoot && random.chance(6) {
            entry.xattrs.append(Xattr(name: Bytes("trusted.t"), value: Bytes("yes")))
        }
    }
}

extension Entry {
    fileprivate var isFile: Bool {
        if case .file = kind { return true }
        return false
    }

    fileprivate var canBeLinked: Bool {
        switch kind {
        case .file, .symlink, .fifo, .socket, .device: return true
        case .directory, .hardLink, .whiteout: return false
        }
    }
}
