internal import CLinux
internal import Linux

/// The files of an uncompressed tar and where in it they lie: what is large is passed over, not read.
struct ArchiveSections {
    private(set) var files: [[UInt8]: Range<Int64>] = [:]
    private(set) var links: [[UInt8]: [UInt8]] = [:]

    /// - Parameter file: a regular file.
    /// - Throws: ``ArchiveError`` for what is no tar, damaged or hostile.
    init(_ file: FD) throws(ArchiveError) {
        let size: Int64
        do throws(Errno) { size = Int64(clamping: try file.status().size) } catch {
            throw ArchiveError("read archive: \(error)")
        }
        let reader = try ArchiveError.reading { () throws(LayerError) in
            try ArchiveReader(try LayerInput(file, LayerLimits(tarSize: size), .none, section: 0..<size), skips: true)
        }
        while let entry = try ArchiveError.reading({ () throws(LayerError) in try reader.next() }) {
            guard files.count + links.count < ArchiveContents.mostEntries else {
                throw ArchiveError("read archive: more than \(ArchiveContents.mostEntries) entries")
            }
            try take(entry, reader, size)
        }
    }

    private mutating func take(_ entry: TarEntry, _ reader: ArchiveReader, _ end: Int64) throws(ArchiveError) {
        if entry.kind == .directory { return }
        guard files[entry.name] == nil, links[entry.name] == nil else {
            throw ArchiveError("read", entry.name, "the name comes twice")
        }
        switch entry.kind {
        case .hardLink(let target): links[entry.name] = target
        case .symlink(let target): links[entry.name] = try ArchiveContents.resolve(target, from: entry.name)
        case .file(let size):
            guard !reader.isSparse else { throw ArchiveError("read", entry.name, "a file with holes") }
            let start = reader.position
            let (stop, overflow) = start.addingReportingOverflow(size)
            guard start >= 0, !overflow, stop <= end else {
                throw ArchiveError("read", entry.name, "the archive ends before it does")
            }
            files[entry.name] = start..<stop
        default: throw ArchiveError("read", entry.name, "of a type that no image archive holds")
        }
    }

    /// The place of a name, through links; nil where there is none.
    func file(_ name: [UInt8]) -> Range<Int64>? { ArchiveContents.file(name, files, links) }
}
