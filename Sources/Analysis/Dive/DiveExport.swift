import OCI

/// The document that `dive --json` writes.
public enum DiveExport {
    /// Its bytes, as Go's encoder writes them.
    public static func bytes(_ figures: DiveFigures) -> [UInt8] {
        var text = GoJSON()
        text.object {
            $0.member("layer") { $0.array(figures.layers) { layer($1, &$0) } }
            $0.member("image") {
                $0.object {
                    $0.member("sizeBytes") { $0.raw("\(figures.sizeBytes)") }
                    $0.member("inefficientBytes") { $0.raw("\(figures.wastedBytes)") }
                    $0.member("efficiencyScore") { $0.raw(GoNumbers.json(figures.efficiency)) }
                    $0.member("fileReference") { $0.array(figures.inefficientFiles) { file($1, &$0) } }
                }
            }
        }
        return text.bytes
    }

    private static func file(_ file: DiveFigures.InefficientFile, _ text: inout GoJSON) {
        text.object {
            $0.member("count") { $0.raw("\(file.references)") }
            $0.member("sizeBytes") { $0.raw("\(UInt64(bitPattern: file.size))") }
            $0.member("file") { $0.string(file.path) }
        }
    }

    private static func layer(_ layer: DiveLayer, _ text: inout GoJSON) {
        let opened = layer.contents.layer
        let hasStep = opened.history != nil
        let command = Array((opened.history?.createdBy ?? (hasStep ? "" : "(missing)")).utf8)
        let shell = Array("/bin/sh -c ".utf8)
        // Dive calls a layer by the directory that its file lies in.
        let id = opened.archiveName.prefix { $0 != 0x2f }
        let digest = opened.diffID ?? layer.contents.diffID
        text.object {
            $0.member("index") { $0.raw("\(opened.index)") }
            $0.member("id") { $0.string(id.isEmpty ? Array(digest.hex.utf8) : Array(id)) }
            $0.member("digestId") { $0.string(hasStep ? Array(digest.description.utf8) : []) }
            $0.member("sizeBytes") { $0.raw("\(layer.sizeBytes)") }
            $0.member("command") {
                $0.string(command.starts(with: shell) ? Array(command.dropFirst(shell.count)) : command)
            }
            $0.member("fileList") {
                $0.array(layer.files) { file($1.map { layer.contents.entries[$0] }, &$0) }
            }
        }
    }

    private static func file(_ entry: LayerEntry?, _ text: inout GoJSON) {
        text.object {
            $0.member("path") { $0.string(entry?.storedPath ?? []) }
            $0.member("typeFlag") { $0.raw("\(entry.map { typeFlag($0.kind) } ?? 0)") }
            $0.member("linkName") { $0.string(entry?.target ?? []) }
            $0.member("size") { $0.raw("\(entry?.size ?? 0)") }
            $0.member("fileMode") { $0.raw("\(entry.map(mode) ?? 0)") }
            $0.member("uid") { $0.raw("\(entry?.uid ?? 0)") }
            $0.member("gid") { $0.raw("\(entry?.gid ?? 0)") }
            $0.member("isDir") { $0.raw(entry?.kind == .directory ? "true" : "false") }
        }
    }

    /// The tar's letter for the type (pax, "ustar header block").
    private static func typeFlag(_ kind: LayerEntry.Kind) -> UInt8 {
        switch kind {
        case .hardLink: return UInt8(ascii: "1")
        case .symlink: return UInt8(ascii: "2")
        case .characterDevice: return UInt8(ascii: "3")
        case .blockDevice: return UInt8(ascii: "4")
        case .directory: return UInt8(ascii: "5")
        case .fifo: return UInt8(ascii: "6")
        case .file, .whiteout, .opaque, .bookkeeping: return UInt8(ascii: "0")
        }
    }

    /// Go's `os.FileMode`.
    private static func mode(_ entry: LayerEntry) -> UInt32 {
        var mode = entry.mode & 0o777
        if entry.mode & 0o4000 != 0 { mode |= 1 << 23 }
        if entry.mode & 0o2000 != 0 { mode |= 1 << 22 }
        if entry.mode & 0o1000 != 0 { mode |= 1 << 20 }
        switch entry.kind {
        case .directory: mode |= 1 << 31
        case .symlink: mode |= 1 << 27
        case .blockDevice: mode |= 1 << 26
        case .characterDevice: mode |= 1 << 26 | 1 << 21
        case .fifo: mode |= 1 << 25
        case .file, .hardLink, .whiteout, .opaque, .bookkeeping: break
        }
        return mode
    }
}
