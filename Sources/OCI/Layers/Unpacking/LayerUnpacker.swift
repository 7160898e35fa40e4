public import Linux

/// A layer that was unpacked, or only read.
public struct ReadLayer: Equatable, Sendable {
    /// The digest of the tar.
    public let diffID: Digest
    public let tarSize: Int64
    /// The blob's descriptor, as it was found.
    public let descriptor: ContentDescriptor
    public let entries: Int
    /// Attributes that the file system or our rights did not allow, or that are no part of an image.
    public let droppedAttributes: Int
}

/// Unpacks layers into directories in overlay form.
///
/// Everything stays beneath the directory: it is made under another name beside it, each path is walked without following links, and a
/// name that is absolute, leads upwards or through anything but a directory, or comes twice, ends it with an error. Only the complete
/// and verified directory takes its name; of a failed one nothing is left.
///
/// Whiteouts become 0/0 devices (`.wh.` files where those cannot be made), opaque marks an attribute. Where owners or devices cannot be
/// had they are recorded (SEMANTICS 9.5). Runs of zeros become holes.
public struct LayerUnpacker: Sendable {
    public enum Ownership: Sendable {
        /// Real owners where this process may set them, otherwise recorded ones.
        case automatic
        case recorded
    }

    public var limits: LayerLimits
    public var ownership: Ownership
    /// What the blob must be; nil is not checked.
    public var digest: Digest?
    /// What the tar must be; nil is not checked.
    public var diffID: Digest?
    /// Told how many bytes of the blob were read, often, from the thread that unpacks.
    public var observer: (@Sendable (Int64) -> Void)?
    /// Asked as often; true ends the unpacking with an error.
    public var isInterrupted: (@Sendable () -> Bool)?

    public init(
        limits: LayerLimits = LayerLimits(), ownership: Ownership = .automatic, digest: Digest? = nil,
        diffID: Digest? = nil, observer: (@Sendable (Int64) -> Void)? = nil
    ) {
        self.limits = limits
        self.ownership = ownership
        self.digest = digest
        self.diffID = diffID
        self.observer = observer
    }

    /// Unpacks what `file` holds from its position on. `directory` must not exist, or be empty.
    ///
    /// - Throws: ``LayerError``.
    public func unpack(_ file: FD, to directory: [UInt8]) throws(LayerError) -> ReadLayer {
        let (parent, name) = try place(of: directory)
        let folder = try naming("open", parent) { () throws(Errno) in
            try FD.workingDirectory.open(path(parent), [.readOnly, .directory])
        }
        let temporary = try makeTemporary(in: folder.fd, for: directory)
        do throws(LayerError) {
            let result = try fill(folder.fd, temporary, file)
            try naming("unpack layer to", directory) { () throws(Errno) in
                try folder.fd.rename(temporary, to: folder.fd, path(name))
            }
            return result
        } catch {
            try? folder.fd.removeTree(temporary)
            throw error
        }
    }

    /// Reads everything and checks it as if it were unpacked, but for what only a file system knows.
    public func verify(_ file: FD) throws(LayerError) -> ReadLayer {
        let input = try LayerInput(file, limits)
        var check = LayerCheck()
        var count = EntryCount(limits)
        do {
            let reader = try ArchiveReader(input)
            while let entry = try reader.next() {
                try count.add(entry)
                try check.take(entry)
                try reader.data(of: entry.name) { _, _ in }
            }
        }
        return try result(input, entries: count.entries, dropped: 0)
    }

    private func place(of directory: [UInt8]) throws(LayerError) -> (parent: [UInt8], name: [UInt8]) {
        var trimmed = directory[...]
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed = trimmed.dropLast() }
        let name = trimmed.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
        guard !name.isEmpty, name != [0x2e], name != [0x2e, 0x2e] else {
            throw LayerError(.refused, "unpack layer to", directory, "a directory of its own is wanted")
        }
        if let status = try? FD.workingDirectory.status(path(trimmed)) {
            guard status.isDirectory else { throw LayerError("unpack layer to", directory, .exists) }
            let existing = try naming("open", directory) { () throws(Errno) in
                try FD.workingDirectory.open(path(trimmed), [.readOnly, .directory, .noFollow])
            }
            var isEmpty = true
            try naming("list", directory) { () throws(Errno) in
                try existing.fd.forEachEntry { _ in
                    isEmpty = false
                    return false
                }
            }
            if !isEmpty { throw LayerError("unpack layer to", directory, .notEmpty) }
        }
        let parent = trimmed.dropLast(name.count)
        return (parent.isEmpty ? [0x2e] : Array(parent), name)
    }

    private func makeTemporary(in folder: FD, for directory: [UInt8]) throws(LayerError) -> [CChar] {
        while true {
            let name = path(".shale-unpacking-\(UInt64.random(in: 0 ... .max))".utf8)
            do throws(Errno) {
                try folder.makeDirectory(name, mode: 0o700)
                return name
            } catch {
                if error != .exists { throw LayerError("unpack layer to", directory, error) }
            }
        }
    }

    private func fill(_ folder: FD, _ temporary: [CChar], _ file: FD) throws(LayerError) -> ReadLayer {
        let root = try naming("open", temporary.dropLast().map { UInt8(bitPattern: $0) }) { () throws(Errno) in
            try folder.open(temporary, [.readOnly, .directory, .noFollow])
        }
        let input = try LayerInput(file, limits)
        input.observer = observer
        input.isInterrupted = isInterrupted
        var tree = try LayerTree(root, ownership)
        var count = EntryCount(limits)
        do {
            let reader = try ArchiveReader(input)
            while let entry = try reader.next() {
                try count.add(entry)
                try tree.add(entry, reader)
            }
        }
        try tree.finishDirectories()
        let result = try result(input, entries: count.entries, dropped: tree.droppedAttributes)
        _ = consume tree
        return result
    }

    private func result(_ input: LayerInput, entries: Int, dropped: Int) throws(LayerError) -> ReadLayer {
        let found = try input.finish()
        for (wanted, found, what) in [(digest, found.digest, "blob"), (diffID, found.diffID, "tar")] {
            if let wanted, wanted != found {
                throw LayerError(.refused, "verify layer", "the \(what) is \(found), not \(wanted)")
            }
        }
        let descriptor = ContentDescriptor(
            mediaType: .layer(input.compression), digest: found.digest, size: input.blobSize)
        return ReadLayer(
            diffID: found.diffID, tarSize: input.tarSize, descriptor: descriptor, entries: entries,
            droppedAttributes: dropped)
    }
}
