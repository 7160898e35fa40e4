internal import CLinux
internal import Linux

/// A layer's directory while it grows.
struct LayerTree: ~Copyable {
    private let root: Descriptor
    private let marking: LayerMarking
    /// The directories from the root to where the last entry went: archives are mostly in order, so the next is near.
    private var chain: [Step] = []
    /// Set at the end: what is made in a directory changes its times, and its mode may forbid making anything.
    private var directories: [[UInt8]: TarEntry] = [:]
    private(set) var droppedAttributes = 0

    private final class Step {
        let name: [UInt8]
        let descriptor: Descriptor

        init(_ name: [UInt8], _ descriptor: consuming Descriptor) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    init(_ root: consuming Descriptor, _ ownership: LayerUnpacker.Ownership) throws(LayerError) {
        let fd = root.fd
        let marking = try naming("unpack", [0x2f]) { () throws(Errno) in
            try fd.setMode("", 0o755)
            return try LayerMarking(fd, ownership)
        }
        self.root = root
        self.marking = marking
    }

    mutating func add(_ entry: TarEntry, _ reader: ArchiveReader) throws(LayerError) {
        if entry.name.isEmpty {
            guard entry.kind == .directory else {
                throw LayerError(.refused, "unpack", [0x2f], "the root is no directory")
            }
            directories[[]] = entry
            return
        }
        let meaning = try LayerName.meaning(entry.name)
        if meaning == .ignored { return }
        let (parentName, last) = LayerName.split(entry.name)
        let parent = try enter(parentName, entry.name)
        let name = path(last)
        try naming("unpack", entry.name) { () throws(Errno) in
            switch meaning {
            case .opaque: try marking.makeOpaque(parent)
            case .hides(let hidden): try hide(parent, hidden)
            case .ordinary, .ignored: break
            }
        }
        if meaning != .ordinary { return }
        if case .file(let size) = entry.kind { return try addFile(entry, size, parent, name, reader) }
        if entry.kind == .directory { return try addDirectory(entry, parent, name) }
        if case .hardLink(let target) = entry.kind { return try addLink(entry, target, parent, name) }
        try addSpecial(entry, parent, name)
    }

    /// The directory of that name beneath the root, made where it is missing. Nothing but directories is walked through.
    private mutating func enter(_ directory: [UInt8], _ entry: [UInt8]) throws(LayerError) -> FD {
        let components = directory.split(separator: UInt8(ascii: "/"))
        var shared = 0
        while shared < min(components.count, chain.count), components[shared].elementsEqual(chain[shared].name) {
            shared += 1
        }
        chain.removeLast(chain.count - shared)
        for component in components[shared...] {
            let parent = chain.last?.descriptor.fd ?? root.fd
            let name = path(component)
            let next = try walking("unpack", entry) { () throws(Errno) in
                do throws(Errno) { return try parent.open(name, [.readOnly, .directory, .noFollow]) } catch {
                    guard error == .noEntry || isWhiteout(parent, name) else { throw error }
                    try makeDirectory(parent, name, mode: 0o755)
                    return try parent.open(name, [.readOnly, .directory, .noFollow])
                }
            }
            chain.append(Step(Array(component), next))
        }
        return chain.last?.descriptor.fd ?? root.fd
    }

    /// Opens a directory on the way to a name. Symlinks are not followed: not a directory, like any other.
    private func walking(
        _ verb: String, _ entry: [UInt8], _ body: () throws(Errno) -> Descriptor
    ) throws(LayerError) -> Descriptor {
        do throws(Errno) { return try body() } catch {
            guard error == .notDirectory || error == .loop else { throw LayerError(verb, entry, error) }
            throw LayerError(.refused, verb, entry, "its name leads through what is no directory")
        }
    }

    private func isWhiteout(_ parent: FD, _ name: [CChar]) -> Bool {
        (try? parent.status(name))?.isWhiteout == true || marking.hasWhiteoutFile(parent, name)
    }

    /// Within one layer a whiteout hides nothing: beside a directory it says that nothing below shows through.
    private func hide(_ parent: FD, _ hidden: [UInt8]) throws(Errno) {
        let name = path(hidden)
        do throws(Errno) {
            guard try parent.status(name).isDirectory else { return }
            let directory = try parent.open(name, [.readOnly, .directory, .noFollow])
            try marking.makeOpaque(directory.fd)
        } catch {
            guard error == .noEntry else { throw error }
            try marking.makeWhiteout(parent, hidden)
        }
    }

    /// A new directory; over a whiteout it is opaque.
    private func makeDirectory(_ parent: FD, _ name: [CChar], mode: UInt32) throws(Errno) {
        var hidden = marking.hasWhiteoutFile(parent, name)
        if hidden { try marking.removeWhiteout(parent, name) }
        do throws(Errno) { try parent.makeDirectory(name, mode: 0o700) } catch {
            guard error == .exists, isWhiteout(parent, name) else { throw error }
            hidden = true
            try marking.removeWhiteout(parent, name)
            try parent.makeDirectory(name, mode: 0o700)
        }
        try parent.setMode(name, mode)
        if hidden {
            let directory = try parent.open(name, [.readOnly, .directory, .noFollow])
            try marking.makeOpaque(directory.fd)
        }
    }

    /// Makes something of a name that must be free: a whiteout of the same layer gives way, anything else is there twice.
    @discardableResult
    private func create<Result: ~Copyable>(
        _ entry: TarEntry, _ parent: FD, _ name: [CChar], _ body: () throws(Errno) -> Result
    ) throws(LayerError) -> Result {
        if marking.hasWhiteoutFile(parent, name) {
            try naming("unpack", entry.name) { () throws(Errno) in try marking.removeWhiteout(parent, name) }
        }
        do throws(Errno) { return try body() } catch {
            guard error == .exists else { throw LayerError("unpack", entry.name, error) }
        }
        guard isWhiteout(parent, name) else {
            throw LayerError(.refused, "unpack", entry.name, "the name comes twice")
        }
        return try naming("unpack", entry.name) { () throws(Errno) in
            try marking.removeWhiteout(parent, name)
            return try body()
        }
    }

    private mutating func addDirectory(_ entry: TarEntry, _ parent: FD, _ name: [CChar]) throws(LayerError) {
        do throws(Errno) { try makeDirectory(parent, name, mode: 0o700) } catch {
            guard error == .exists else { throw LayerError("unpack", entry.name, error) }
            guard (try? parent.status(name))?.isDirectory == true else {
                throw LayerError(.refused, "unpack", entry.name, "the name comes twice")
            }
        }
        directories[entry.name] = entry
    }

    private mutating func addFile(
        _ entry: TarEntry, _ size: Int64, _ parent: FD, _ name: [CChar], _ reader: ArchiveReader
    ) throws(LayerError) {
        let file = try create(entry, parent, name) { () throws(Errno) in
            try parent.open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
        }
        var end: Int64 = 0
        try reader.data(of: entry.name) { (bytes, offset) throws(LayerError) in
            end = try naming("write", entry.name) { () throws(Errno) in
                try file.fd.writeData(bytes, at: offset)
            }
        }
        if end != size {
            try naming("write", entry.name) { () throws(Errno) in try check(cl_ftruncate(file.raw, size)) }
        }
        droppedAttributes += try naming("unpack", entry.name) { () throws(Errno) in
            try marking.apply(entry, file.fd, "")
        }
    }

    private mutating func addLink(
        _ entry: TarEntry, _ target: [UInt8], _ parent: FD, _ name: [CChar]
    ) throws(LayerError) {
        let (targetParent, last) = LayerName.split(target)
        var current: Descriptor?
        for component in targetParent.split(separator: UInt8(ascii: "/")) {
            let from = current?.fd ?? root.fd
            current = try walking("follow the link", entry.name) { () throws(Errno) in
                try from.open(path(component), [.readOnly, .directory, .noFollow])
            }
        }
        let from = current?.fd ?? root.fd
        guard !target.isEmpty, WhiteoutName.meaning(of: last) == .ordinary, !isWhiteout(from, path(last)) else {
            throw LayerError(.refused, "unpack", entry.name, "a link to what the layer does not have")
        }
        guard let status = try? from.status(path(last)), !status.isDirectory else {
            throw LayerError(.refused, "unpack", entry.name, "a link to what the layer does not have")
        }
        try create(entry, parent, name) { () throws(Errno) in try from.link(path(last), to: parent, name) }
        _ = consume current
    }

    private mutating func addSpecial(_ entry: TarEntry, _ parent: FD, _ name: [CChar]) throws(LayerError) {
        if case .characterDevice(let device) = entry.kind, device.raw == 0 {
            throw LayerError(.refused, "unpack", entry.name, "a device 0/0, which would hide what is below")
        }
        droppedAttributes += try create(entry, parent, name) { () throws(Errno) in
            try marking.makeSpecial(entry, parent, name)
        }
    }

    /// Owners, modes, times and attributes of the directories, what is deepest first.
    mutating func finishDirectories() throws(LayerError) {
        chain = []
        for name in directories.keys.sorted(by: { $1.lexicographicallyPrecedes($0) }) {
            guard let entry = directories[name] else { continue }
            let (parentName, last) = LayerName.split(name)
            let parent = try enter(parentName, name)
            droppedAttributes += try naming("unpack", name) { () throws(Errno) in
                try marking.apply(entry, parent, last.isEmpty ? path([]) : path(last))
            }
        }
    }
}
