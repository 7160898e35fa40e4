import OCI

/// What an analysis says, in lines for a terminal or a log.
public struct TextReport {
    private let analysis: ImageAnalysis
    private let width: Int
    private var lines: [String] = []

    /// - Parameter width: columns; longer lines are cut, but never a path.
    public init(_ analysis: ImageAnalysis, width: Int = 100) {
        self.analysis = analysis
        self.width = max(60, width)
    }

    public mutating func text() -> String {
        lines = []
        addHead()
        addLayers()
        addReclaimable()
        addSecrets()
        addDive()
        return lines.joined(separator: "\n") + "\n"
    }

    private static func bytes(_ count: Int64) -> String { GoNumbers.bytes(UInt64(max(0, count))) }

    private static func percent(_ part: Double) -> String { "\(GoNumbers.fixed(part * 100, 1)) %" }

    /// Cut at the end, with a mark.
    private func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(max(1, width - 1)) + "…"
    }

    private mutating func addHead() {
        let image = analysis.image
        let last = analysis.tree.changes.last
        lines.append("Image      \(image.title)\(image.id.map { "  \($0)" } ?? "")")
        lines.append("Platform   \(image.config.platform)")
        lines.append(
            "Layers     \(analysis.layers.count), \(Self.bytes(analysis.reclaimable.total)) of files, "
                + "\(Self.bytes(analysis.storedBytes)) stored")
        lines.append("Shows      \(Self.bytes(last?.visibleBytes ?? 0)) in \(last?.visibleFiles ?? 0) files")
    }

    private mutating func addLayers() {
        guard !analysis.layers.isEmpty else { return }
        lines.append("")
        let title = "  #" + ["files", "stored", "added", "changed", "removed"].map { $0.leading(9) }.joined()
        lines.append("\(title)  instruction")
        for (index, layer) in analysis.layers.enumerated() {
            let changes = analysis.tree.changes[index]
            let cells = [
                Self.bytes(layer.fileSize), Self.bytes(layer.blobSize), "\(changes.added)",
                "\(changes.modified + changes.repeated)", "\(changes.removed)",
            ]
            let line = "\(index + 1)".leading(3) + cells.map { $0.leading(9) }.joined()
            lines.append("\(line)  \(cut(analysis.instruction(index), width - line.count - 2))")
        }
    }

    /// What could be saved, in one line.
    public var summary: String {
        let found = analysis.reclaimable
        guard found.bytes > 0 else { return "Reclaimable  nothing" }
        let part = Self.percent(Double(found.bytes) / Double(max(1, found.total)))
        return "Reclaimable  \(Self.bytes(found.bytes)) of \(Self.bytes(found.total)) (\(part))"
    }

    private mutating func addReclaimable() {
        let found = analysis.reclaimable
        lines.append("")
        lines.append(summary)
        let reasons = Reclaimable.Reason.allCases.filter { found.bytes($0) > 0 }
        for reason in reasons.sorted(by: { found.bytes($0) > found.bytes($1) }) {
            let items = found.items.filter { $0.reason == reason }
            let files = items.reduce(0) { $0 + $1.files }
            lines.append("  \(Self.bytes(found.bytes(reason)).leading(8))  \(reason.title), \(Self.counted(files))")
            for item in items.prefix(5) { add(item) }
            if items.count > 5 { lines.append("            and \(items.count - 5) more") }
        }
    }

    private static func counted(_ files: Int) -> String { files == 1 ? "1 file" : "\(files) files" }

    private mutating func add(_ item: Reclaimable.Item) {
        let several = item.files == 1 ? "" : " (\(item.files) files)"
        lines.append("            \(Self.bytes(item.bytes).leading(8))  /\(displayed(item.path))\(several)")
        var why = "layer \(item.layer + 1)"
        if !item.detail.isEmpty { why += ", \(item.detail)" }
        if let by = item.by {
            why += item.reason == .deletedLater ? ", deleted by layer \(by + 1): " : ", again in layer \(by + 1): "
            why += analysis.instruction(by)
        }
        lines.append(cut("                      \(why)", width))
    }

    private mutating func addSecrets() {
        guard !analysis.secrets.isEmpty else { return }
        lines.append("")
        lines.append("Secrets that no longer show, but can be read from the image")
        for secret in analysis.secrets {
            lines.append("  /\(displayed(secret.path))")
            let how = secret.isDeleted ? "deleted" : "replaced"
            lines.append(
                cut(
                    "      \(secret.kind) in layer \(secret.layer + 1), \(how) by layer \(secret.by + 1): "
                        + analysis.instruction(secret.by), width))
        }
    }

    private mutating func addDive() {
        let figures = analysis.figures
        lines.append("")
        lines.append(
            "As dive counts: efficiency \(GoNumbers.fixed(figures.efficiency * 100, 4)) %, "
                + "wasted \(figures.wastedBytes) bytes (\(GoNumbers.bytes(figures.wastedBytes))), "
                + "\(GoNumbers.fixed(figures.userWastedPercent * 100, 4)) % of what lies above the base")
    }
}
