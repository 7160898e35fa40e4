internal import Linux

/// What was in the tar of an image archive, once its end was seen: `docker save` writes the document that explains all others
/// last, and standard input cannot be read twice. So every file goes into the blobs as it comes, and is named afterwards.
struct ArchiveContents {
    struct File {
        let digest: Digest
        let size: Int64
        let compression: Compression
    }

    /// Entries of one archive: ten thousand images of a hundred layers.
    static let mostEntries = 1_000_000

    /// `manifest.json`, `index.json` and `oci-layout`, as they came.
    private(set) var documents: [[UInt8]: [UInt8]] = [:]
    private(set) var files: [[UInt8]: File] = [:]
    private var links: [[UInt8]: [UInt8]] = [:]

    static let documentNames = ["manifest.json", "index.json", "oci-layout"].map { Array($0.utf8) }

    /// Reads a tar, plain or compressed by gzip or zstd, to its end.
    ///
    /// - Throws: ``ArchiveError`` for what is damaged or hostile. Blobs that were complete stay, without a name.
    init(reading fd: FD, into blobs: BlobDirectory, _ limits: LayerLimits) throws(ArchiveError) {
        let input = try ArchiveError.reading { () throws(LayerError) in try LayerInput(fd, limits, .none) }
        let archive = try ArchiveError.reading { () throws(LayerError) in try ArchiveReader(input) }
        var entries = 0
        while let entry = try ArchiveError.reading({ () throws(LayerError) in try archive.next() }) {
            entries += 1
            guard entries <= Self.mostEntries else {
                throw ArchiveError("read archive: more than \(Self.mostEntries) entries")
            }
            try take(entry, archive, blobs)
        }
    }

    private mutating func take(
        _ entry: TarEntry, _ archive: ArchiveReader, _ blobs: BlobDirectory
    ) throws(ArchiveError) {
        switch entry.kind {
        case .directory: return
        case .file, .hardLink, .symlink: break
        default: throw ArchiveError("read", entry.name, "of a type that no image archive holds")
        }
        guard files[entry.name] == nil, links[entry.name] == nil, documents[entry.name] == nil else {
            throw ArchiveError("read", entry.name, "the name comes twice")
        }
        switch entry.kind {
        case .hardLink(let target): links[entry.name] = target
        case .symlink(let target): links[entry.name] = try Self.resolve(target, from: entry.name)
        case .file(let size) where Self.documentNames.contains(entry.name):
            guard size <= Repository.documentLimit else {
                throw ArchiveError("read", entry.name, "larger than \(Repository.documentLimit) bytes")
            }
            var bytes: [UInt8] = []
            try Self.data(entry, size, archive) { (piece) throws(BlobError) in bytes += piece }
            documents[entry.name] = bytes
        case .file(let size): files[entry.name] = try Self.keep(entry, size, archive, blobs)
        default: break
        }
    }

    private static func keep(
        _ entry: TarEntry, _ size: Int64, _ archive: ArchiveReader, _ blobs: BlobDirectory
    ) throws(ArchiveError) -> File {
        let expected = digest(entry.name)
        var start: [UInt8] = []
        var writer = try keeping(entry) { () throws(BlobError) in try BlobWriter(blobs, expected?.algorithm ?? .sha256)
        }
        try data(entry, size, archive) { (piece) throws(BlobError) in
            if start.count < 4 { start += piece.prefix(4 - start.count) }
            try writer.write(piece)
        }
        let kept: (digest: Digest, size: Int64)
        do throws(BlobError) { kept = try writer.finish(expecting: expected, size: size) } catch {
            throw ArchiveError("read", entry.name, error.description)
        }
        return File(digest: kept.digest, size: kept.size, compression: Compression(magic: start))
    }

    private static func keeping<Result: ~Copyable>(
        _ entry: TarEntry, _ body: () throws(BlobError) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(BlobError) { return try body() } catch { throw ArchiveError("read", entry.name, error.description) }
    }

    /// A file's bytes from its beginning to its end; a file with holes is refused, since only a bomb has them here.
    private static func data(
        _ entry: TarEntry, _ size: Int64, _ archive: ArchiveReader,
        _ body: (UnsafeRawBufferPointer) throws(BlobError) -> Void
    ) throws(ArchiveError) {
        var position: Int64 = 0
        do throws(LayerError) {
            try archive.data(of: entry.name) { (piece, offset) throws(LayerError) in
                guard offset == position else {
                    throw LayerError(.refused, "read", entry.name, "a file with holes")
                }
                do throws(BlobError) { try body(piece) } catch {
                    throw LayerError(.unavailable, "keep", entry.name, "\(error)")
                }
                position += Int64(piece.count)
            }
        } catch {
            throw ArchiveError(error)
        }
        guard position == size else { throw ArchiveError("read", entry.name, "a file with holes") }
    }

    /// The digest that the name `blobs/ALGORITHM/HEX` states.
    private static func digest(_ name: [UInt8]) -> Digest? {
        let parts = name.split(separator: 0x2f).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3, parts[0] == "blobs" else { return nil }
        return try? Digest("\(parts[1]):\(parts[2])")
    }

    /// Where a symbolic link leads inside the archive.
    static func resolve(_ target: [UInt8], from name: [UInt8]) throws(ArchiveError) -> [UInt8] {
        guard target.first != 0x2f else { throw ArchiveError("read", name, "a link out of the archive") }
        var path = Array(name.split(separator: 0x2f).dropLast())
        for component in target.split(separator: 0x2f) where component != [0x2e] {
            if component == [0x2e, 0x2e] {
                guard path.popLast() != nil else { throw ArchiveError("read", name, "a link out of the archive") }
            } else {
                path.append(component)
            }
        }
        return Array(path.joined(separator: [0x2f]))
    }

    /// The file of a name, through links; nil where there is none.
    func file(_ name: [UInt8]) -> File? { Self.file(name, files, links) }

    static func file<File>(_ name: [UInt8], _ files: [[UInt8]: File], _ links: [[UInt8]: [UInt8]]) -> File? {
        var name = name
        for _ in 0..<8 {
            if let file = files[name] { return file }
            guard let target = links[name] else { return nil }
            name = target
        }
        return nil
    }
}

extension Compression {
    /// What a blob's first bytes say (RFC 1952, RFC 8878).
    init(magic: [UInt8]) {
        if magic.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
            self = .zstd
        } else {
            self = .none
        }
    }
}
