internal import OCI

/// The audit of an image: of every file in every layer, and of the configuration.
public struct ImageAudit: Sendable {
    public var configuration: AuditConfiguration

    public init(configuration: AuditConfiguration = AuditConfiguration()) { self.configuration = configuration }

    /// Reads the layers once.
    ///
    /// - Parameter pass: how.
    /// - Throws: ``AnalysisError`` where a layer cannot be read.
    public func run(_ image: OpenedImage, _ pass: LayerPass = LayerPass()) async throws(AnalysisError) -> AuditReport {
        let ignored = PathList.normalized(configuration.ignoredPaths)
        let read = try await pass.read(image) { _ in [AuditVisitor(ignoring: ignored)] }
        let layers = read.map(\.contents)
        let visitors = read.map { $0.visitors.compactMap { $0 as? AuditVisitor }.first }
        let tree = VisibleTree(layers)
        var report = ImageReport(layers)
        FileRules.check(tree, ignoring: ignored, &report)
        AccountRules.check(tree, visitors, &report)
        for (number, visitor) in visitors.enumerated() {
            guard let visitor else { continue }
            SecretFileRules.check(visitor, of: number, tree, &report)
        }
        ConfigurationRules.check(image, &report)
        return AuditReport(subject: image.title, findings: report.sorted, notes: report.notes).applying(configuration)
    }
}

/// Collects what is found in an image.
struct ImageReport {
    private var findings: [AuditFinding] = []
    private var counts: [AuditRule: Int] = [:]
    private let places: [AuditFinding.LayerPlace]

    /// Of one rule; an image with more has one problem, not a thousand.
    private static let most = 1000

    init(_ layers: [LayerContents]) {
        places = layers.map {
            AuditFinding.LayerPlace(
                number: $0.layer.index, digest: $0.diffID.description, createdBy: $0.layer.instruction)
        }
    }

    /// - Parameter detail: what follows the rule's own sentence.
    mutating func add(
        _ rule: AuditRule, _ path: [UInt8], layer: Int, _ detail: String? = nil, severity: Severity? = nil
    ) {
        guard places.indices.contains(layer) else { return }
        add(rule, .file(path: path, layer: places[layer]), detail, severity)
    }

    mutating func add(
        _ rule: AuditRule, _ place: AuditFinding.Place, _ detail: String? = nil, _ severity: Severity? = nil
    ) {
        counts[rule, default: 0] += 1
        guard counts[rule, default: 0] <= Self.most else { return }
        findings.append(
            AuditFinding(rule, rule.summary + (detail.map { ": " + $0 } ?? ""), at: place, severity: severity))
    }

    var notes: [String] {
        counts.filter { $0.value > Self.most }.map { "\($0.key.id): \($0.value - Self.most) more are not listed" }
            .sorted()
    }

    /// The worst first; those of one severity by rule, then as they were found.
    var sorted: [AuditFinding] {
        let order = Dictionary(AuditRule.all.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        return findings.enumerated().sorted { one, other in
            let (a, b) = (one.element, other.element)
            if a.severity != b.severity { return a.severity > b.severity }
            return (order[a.rule] ?? 0, one.offset) < (order[b.rule] ?? 0, other.offset)
        }.map(\.element)
    }
}
