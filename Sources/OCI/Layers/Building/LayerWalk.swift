internal import CLinux
internal import Linux

/// The walk over a layer's directory that emits its entries.
struct LayerWalk: ~Copyable {
    let stack: LayerStack
    private var stream: LayerStream
    private let latest: Int64?
    private let minimizes: Bool
    private let owners: LayerOwners
    private let isInterrupted: (@Sendable () -> Bool)?
    private var unchanged: [[UInt8]] = []
    private var entries = 0
    private var skipped: [[UInt8]] = []
    /// Nothing so far needed the lowers to be complete.
    private var standsAlone = true
    /// The first name of each file that has several.
    private var linked: [FileID: [UInt8]] = [:]
    private var depth = 0
    /// Longer paths than this have no name that a system call takes; and each level holds a descriptor.
    private static let deepest = 2048

    private struct FileID: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    init(_ stack: LayerStack, _ stream: consuming LayerStream, _ builder: LayerBuilder) {
        self.stack = stack
        self.stream = stream
        latest = builder.latest
        minimizes = builder.minimizes
        owners = builder.owners
        isInterrupted = builder.isInterrupted
    }

    /// The entries of a directory of the upper, and what they say of the lowers.
    mutating func changes(_ directory: LayerDirectory, _ name: [UInt8], on below: Below) throws(LayerError) {
        try deepen(name)
        defer { depth -= 1 }
        let names = try naming("list", name) { () throws(Errno) in try directory.names() }
        let present = Set(names)
        // A whiteout has the place of the name it hides: as a device or as a file, it gives the same bytes.
        for (entry, isWhiteout) in Self.ordered(names) {
            if !isWhiteout {
                try change(directory, name, entry, on: below)
            } else if !present.contains(entry) {
                // Beside the name it hides it says nothing of this layer (layer.md); of a directory, that it is opaque.
                try whiteout(name, entry)
            }
        }
    }

    private static func ordered(_ names: [[UInt8]]) -> [(name: [UInt8], isWhiteout: Bool)] {
        var result: [(name: [UInt8], isWhiteout: Bool)] = []
        for name in names {
            switch WhiteoutName.meaning(of: name) {
            case .opaque, .ignored: continue
            case .hides(let hidden): result.append((hidden, true))
            case .ordinary: result.append((name, false))
            }
        }
        return result.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private mutating func change(
        _ directory: LayerDirectory, _ parent: [UInt8], _ entry: [UInt8], on below: Below
    ) throws(LayerError) {
        let name = joined(parent, entry)
        var (status, attributes) = try naming("read", name) { () throws(Errno) in
            try stack.look(at: entry, in: directory)
        }
        if !owners.isEmpty, let owner = owners[name] {
            attributes.owner = RecordedOwner(
                uid: owner.uid, gid: owner.gid, mode: attributes.owner?.mode ?? status.mode & 0o7777,
                kind: attributes.owner?.kind)
        }
        if status.isWhiteout || status.isRegular && status.size == 0 && attributes.isWhiteout {
            return try whiteout(parent, entry)
        }
        guard status.isDirectory else {
            return try object(directory, name, entry, status, attributes, on: below)
        }
        try emit(name, .directory, status, attributes)
        let child = try naming("open", name) { () throws(Errno) in try directory.child(entry) }
        if let redirect = attributes.redirect {
            standsAlone = false
            let origin = try naming("follow the redirect of", name) { () throws(Errno) in
                try stack.follow(redirect, from: 0, beside: try stack.directories(below))
            }
            try opaqueMark(name)
            return try merged([child] + origin, name)
        }
        let opaque = attributes.isOpaque || child.has(WhiteoutName.opaque) || directory.hides(entry)
        if opaque { try opaqueMark(name) }
        try changes(child, name, on: opaque ? .nothing : below.entering(entry))
    }

    /// All that merged directories show: for what was renamed, and so has no other way to say what it holds, and for whole trees.
    mutating func merged(_ directories: [LayerDirectory], _ name: [UInt8]) throws(LayerError) {
        try deepen(name)
        defer { depth -= 1 }
        var shown: [(entry: [UInt8], first: Int)] = []
        var seen: Set<[UInt8]> = []
        for (index, directory) in directories.enumerated() {
            let names = try naming("list", name) { () throws(Errno) in try directory.names() }
            for entry in names where WhiteoutName.meaning(of: entry) == .ordinary && seen.insert(entry).inserted {
                shown.append((entry, index))
            }
            for entry in names {
                if case .hides(let hidden) = WhiteoutName.meaning(of: entry) { seen.insert(hidden) }
            }
        }
        shown.sort { $0.entry.lexicographicallyPrecedes($1.entry) }
        for (entry, index) in shown {
            let directory = directories[index]
            let full = joined(name, entry)
            let (status, attributes) = try naming("read", full) { () throws(Errno) in
                try stack.look(at: entry, in: directory)
            }
            if status.isWhiteout || status.isRegular && status.size == 0 && attributes.isWhiteout { continue }
            guard status.isDirectory else {
                try object(
                    directory, full, entry, status, attributes, on: .directories(Array(directories[(index + 1)...])))
                continue
            }
            try emit(full, .directory, status, attributes)
            let children = try naming("open", full) { () throws(Errno) in
                try stack.descend(Array(directories[index...]), entry)
            }
            try merged(children, full)
        }
    }

    private mutating func deepen(_ name: [UInt8]) throws(LayerError) {
        guard depth < Self.deepest else {
            throw LayerError(.refused, "archive", name, "directories nested deeper than \(Self.deepest)")
        }
        depth += 1
    }

    private mutating func whiteout(_ parent: [UInt8], _ hidden: [UInt8]) throws(LayerError) {
        let name = joined(parent, WhiteoutName.prefix + hidden)
        try write(TarEntry(name: name, kind: .file(size: 0), mode: 0, uid: 0, gid: 0, modified: .epoch))
    }

    private mutating func opaqueMark(_ directory: [UInt8]) throws(LayerError) {
        let name = joined(directory, WhiteoutName.opaque)
        try write(TarEntry(name: name, kind: .file(size: 0), mode: 0, uid: 0, gid: 0, modified: .epoch))
    }

    private mutating func object(
        _ directory: LayerDirectory, _ name: [UInt8], _ entry: [UInt8], _ status: Status,
        _ attributes: ObjectAttributes,
        on below: Below
    ) throws(LayerError) {
        if status.nlink > 1 {
            let id = FileID(device: status.dev, inode: status.ino)
            if let first = linked[id] { return try emit(name, .hardLink(target: first), status, attributes.ownerOnly) }
            linked[id] = name
        }
        // A record may make a special file of an empty regular one.
        let recorded = status.isRegular ? attributes.owner?.kind : nil
        let device = DeviceNumber(recorded?.device ?? status.rdev)
        switch recorded?.type ?? status.type {
        case 0o120000 where status.isSymlink:
            let target = try naming("read", name) { () throws(Errno) in try readTarget(directory.fd, entry) }
            try emit(name, .symlink(target: target), status, attributes)
        case 0o020000: try emit(name, .characterDevice(device), status, attributes)
        case 0o060000: try emit(name, .blockDevice(device), status, attributes)
        case 0o010000: try emit(name, .fifo, status, attributes)
        case 0o140000:
            skipped.append(name)
            linked[FileID(device: status.dev, inode: status.ino)] = nil
        default:
            if minimizes, directory.layer == 0, status.nlink == 1 {
                let same = try naming("compare", name) { () throws(Errno) in
                    try stack.showsSame(directory, entry, status, attributes, in: try stack.directories(below))
                }
                if same { return unchanged.append(name) }
            }
            try file(directory, name, entry, attributes, on: below)
        }
    }

    private func readTarget(_ directory: FD, _ entry: [UInt8]) throws(Errno) -> [UInt8] {
        // PATH_MAX bounds the target of every file system.
        var target = [UInt8](repeating: 0, count: 4096)
        let count = target.withUnsafeMutableBytes { buffer in
            cl_readlinkat(
                directory.raw, path(entry), buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return Array(target.prefix(try check(count)))
    }

    private mutating func file(
        _ directory: LayerDirectory, _ name: [UInt8], _ entry: [UInt8], _ attributes: ObjectAttributes, on below: Below
    ) throws(LayerError) {
        let own = try naming("open", name) { () throws(Errno) in try directory.openFile(entry) }
        let status = try naming("read", name) { () throws(Errno) in try own.fd.status() }
        guard status.isRegular, let size = Int64(exactly: status.size) else {
            throw LayerError(.refused, "read", name, "it changed while it was read")
        }
        try emit(name, .file(size: size), status, attributes)
        if attributes.isMetacopy {
            standsAlone = false
            let data = try naming("find the data of", name) { () throws(Errno) in
                try stack.data(
                    of: entry, redirect: attributes.redirect, in: directory.layer, try stack.directories(below))
            }
            try copy(data.fd, size, sparse: true, name)
        } else {
            try copy(own.fd, size, sparse: status.blocks &* 512 < status.size, name)
        }
        try stream.writeZeros(TarHeader.padding(size))
    }

    /// Exactly `size` bytes of a file; holes are not read.
    private mutating func copy(_ fd: FD, _ size: Int64, sparse: Bool, _ name: [UInt8]) throws(LayerError) {
        var offset: Int64 = 0
        while offset < size {
            var end = size
            if sparse {
                let data = cl_lseek(fd.raw, offset, Int32(CL_SEEK_DATA))
                // ENXIO: no data from here on. Other failures: a file system without holes.
                let from = data == -6 ? size : data < 0 ? offset : min(data, size)
                try stream.writeZeros(from - offset)
                offset = from
                if offset == size { break }
                let hole = data < 0 ? size : cl_lseek(fd.raw, offset, Int32(CL_SEEK_HOLE))
                if hole > offset { end = min(hole, size) }
            }
            // In pieces, between which somebody may want it to end.
            end = min(end, offset + 64 << 20)
            try checkGoing(name)
            let count = try stream.write(end - offset, from: fd, at: offset, name)
            guard count == end - offset else {
                throw LayerError(.refused, "read", name, "it changed while it was read")
            }
            offset = end
        }
    }

    private mutating func emit(
        _ name: [UInt8], _ kind: TarEntry.Kind, _ status: Status, _ attributes: ObjectAttributes
    ) throws(LayerError) {
        var entry = TarEntry(
            name: name, kind: kind, mode: status.mode & 0o7777, uid: status.uid, gid: status.gid,
            modified: Timestamp(seconds: min(status.mtime_s, latest ?? .max), nanoseconds: 0),
            attributes: attributes.kept)
        if let owner = attributes.owner { (entry.mode, entry.uid, entry.gid) = (owner.mode, owner.uid, owner.gid) }
        try write(entry)
    }

    private mutating func write(_ entry: TarEntry) throws(LayerError) {
        try checkGoing(entry.name)
        entries += 1
        try stream.write(try TarHeader.bytes(of: entry))
    }

    private func checkGoing(_ name: [UInt8]) throws(LayerError) {
        if isInterrupted?() == true { throw LayerError(.refused, "archive", name, "interrupted") }
    }

    consuming func finish(_ compression: Compression) throws(LayerError) -> BuiltLayer {
        try stream.write(TarHeader.end)
        let entries = self.entries
        let skipped = self.skipped
        let unchanged = self.unchanged
        let standsAlone = self.standsAlone
        let result = try stream.finish()
        let descriptor = ContentDescriptor(
            mediaType: .layer(compression), digest: result.digest, size: result.size)
        return BuiltLayer(
            diffID: result.diffID, tarSize: result.tarSize, descriptor: descriptor, entries: entries, skipped: skipped,
            unchanged: unchanged, standsAlone: standsAlone)
    }
}

extension ObjectAttributes {
    /// For other names of a file: the first says all attributes, while readers set the owner and the mode with each.
    fileprivate var ownerOnly: ObjectAttributes {
        var result = self
        result.kept = []
        return result
    }
}

extension LayerDirectory {
    /// Without changing its access time where that is allowed; nothing but a regular file can block here.
    fileprivate func openFile(_ name: [UInt8]) throws(Errno) -> Descriptor {
        let flags: OpenFlags = [.readOnly, .noFollow, .nonBlocking]
        do throws(Errno) { return try fd.open(path(name), flags.union(.noAccessTime)) } catch {
            if error == .notPermitted { return try fd.open(path(name), flags) }
            throw error
        }
    }
}

extension Timestamp {
    fileprivate static let epoch = Timestamp(seconds: 0, nanoseconds: 0)
}

func joined(_ parent: [UInt8], _ name: [UInt8]) -> [UInt8] {
    parent.isEmpty ? name : parent + [UInt8(ascii: "/")] + name
}
