import OCI

/// What an analysis says, as one JSON document: `shale analyze --format json`. Names that are no UTF-8 are written with U+FFFD.
public enum JSONReport {
    public static func bytes(_ analysis: ImageAnalysis) -> [UInt8] {
        var text = GoJSON()
        write(analysis, &text)
        return text.bytes + [0x0a]
    }

    static func write(_ analysis: ImageAnalysis, _ text: inout GoJSON) {
        text.object {
            $0.member("image") { image(analysis, &$0) }
            $0.member("layers") { $0.array(Array(analysis.layers.indices)) { layer(analysis, $1, &$0) } }
            $0.member("reclaimable") { reclaimable(analysis, &$0) }
            $0.member("secrets") { $0.array(analysis.secrets) { secret($1, &$0) } }
            $0.member("dive") { dive(analysis.figures, &$0) }
        }
    }

    private static func image(_ analysis: ImageAnalysis, _ text: inout GoJSON) {
        let last = analysis.tree.changes.last
        text.object {
            $0.member("title") { $0.string(analysis.image.title) }
            $0.member("names") { $0.array(analysis.image.names) { $0.string($1.description) } }
            $0.member("id") { $0.optional(analysis.image.id?.description) }
            $0.member("manifest") { $0.optional(analysis.image.manifest?.digest.description) }
            $0.member("platform") { $0.string("\(analysis.image.config.platform)") }
            $0.member("fileBytes") { $0.raw("\(analysis.reclaimable.total)") }
            $0.member("storedBytes") { $0.raw("\(analysis.storedBytes)") }
            $0.member("visibleBytes") { $0.raw("\(last?.visibleBytes ?? 0)") }
            $0.member("visibleFiles") { $0.raw("\(last?.visibleFiles ?? 0)") }
        }
    }

    private static func layer(_ analysis: ImageAnalysis, _ index: Int, _ text: inout GoJSON) {
        let layer = analysis.layers[index]
        let changes = analysis.tree.changes[index]
        text.object {
            $0.member("index") { $0.raw("\(index)") }
            $0.member("diffID") { $0.string(layer.diffID.description) }
            $0.member("digest") { $0.optional(layer.layer.descriptor?.digest.description) }
            $0.member("instruction") { $0.optional(layer.layer.instruction) }
            let numbers: [(String, Int64)] = [
                ("fileBytes", layer.fileSize), ("tarBytes", layer.tarSize), ("storedBytes", layer.blobSize),
                ("entries", Int64(layer.entries.count)), ("added", Int64(changes.added)),
                ("modified", Int64(changes.modified)), ("removed", Int64(changes.removed)),
                ("repeated", Int64(changes.repeated)), ("addedBytes", changes.addedBytes),
                ("modifiedBytes", changes.modifiedBytes), ("hiddenBytes", changes.hiddenBytes),
                ("visibleBytes", changes.visibleBytes), ("visibleFiles", Int64(changes.visibleFiles)),
            ]
            for (name, value) in numbers { $0.member(name) { $0.raw("\(value)") } }
        }
    }

    private static func reclaimable(_ analysis: ImageAnalysis, _ text: inout GoJSON) {
        let found = analysis.reclaimable
        text.object {
            $0.member("bytes") { $0.raw("\(found.bytes)") }
            $0.member("efficiency") { $0.raw(GoNumbers.json(found.efficiency)) }
            $0.member("reasons") {
                $0.object {
                    for reason in Reclaimable.Reason.allCases {
                        $0.member(reason.rawValue) { $0.raw("\(found.bytes(reason))") }
                    }
                }
            }
            $0.member("items") { $0.array(found.items) { item($1, &$0) } }
        }
    }

    static func item(_ item: Reclaimable.Item, _ text: inout GoJSON) {
        text.object {
            $0.member("reason") { $0.string(item.reason.rawValue) }
            $0.member("path") { $0.string([0x2f] + item.path) }
            $0.member("bytes") { $0.raw("\(item.bytes)") }
            $0.member("files") { $0.raw("\(item.files)") }
            $0.member("layer") { $0.raw("\(item.layer)") }
            $0.member("by") { $0.raw(item.by.map { "\($0)" } ?? "null") }
            $0.member("detail") { $0.string(item.detail) }
            $0.member("examples") {
                $0.array(item.examples) { text, example in
                    text.object {
                        $0.member("path") { $0.string([0x2f] + example.path) }
                        $0.member("bytes") { $0.raw("\(example.bytes)") }
                    }
                }
            }
        }
    }

    static func secret(_ secret: BuriedSecret, _ text: inout GoJSON) {
        text.object {
            $0.member("path") { $0.string([0x2f] + secret.path) }
            $0.member("kind") { $0.string(secret.kind) }
            $0.member("layer") { $0.raw("\(secret.layer)") }
            $0.member("by") { $0.raw("\(secret.by)") }
            $0.member("deleted") { $0.raw("\(secret.isDeleted)") }
        }
    }

    /// - Note: JSON has no number for an image of one layer, whose share is divided by nothing.
    static func dive(_ figures: DiveFigures, _ text: inout GoJSON) {
        text.object {
            $0.member("efficiency") { $0.raw(GoNumbers.json(figures.efficiency)) }
            $0.member("wastedBytes") { $0.raw("\(figures.wastedBytes)") }
            $0.member("userWastedPercent") {
                $0.raw(figures.userWastedPercent.isFinite ? GoNumbers.json(figures.userWastedPercent) : "null")
            }
            $0.member("sizeBytes") { $0.raw("\(figures.sizeBytes)") }
        }
    }
}

extension GoJSON {
    mutating func string(_ text: String) { string(Array(text.utf8)) }
    mutating func optional(_ text: String?) { if let text { string(text) } else { raw("null") } }
}
