public import OCI

/// docker's `--filter` for images: `KEY=VALUE`.
public struct ImageFilter: Sendable {
    /// A filter that is none; one line.
    public struct Mistake: Error, Equatable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private var patterns: [NamePattern] = []
    private var isDangling: Bool?
    private var labels: [(key: String, value: String?, isWanted: Bool)] = []
    private var before: [Instant] = []
    /// The moment of `until`, the earliest of several.
    public private(set) var until: Instant?
    /// Nothing is asked for but `until`, which things that are no images have too.
    public private(set) var isOfTimeOnly = true
    private var since: [Instant] = []

    /// What is known: `reference=PATTERN` (one of several), `dangling=BOOL`, `label=KEY[=VALUE]`, `label!=KEY[=VALUE]`,
    /// `before=IMAGE`, `since=IMAGE`, `until=MOMENT`.
    ///
    /// - Throws: ``Mistake`` for another key or a value that means nothing.
    public init(_ texts: [String], _ store: Store) throws(Mistake) {
        for text in texts {
            guard let equals = text.firstIndex(of: "=") else {
                throw Mistake(description: "filter \(text.debugDescription): KEY=VALUE is wanted")
            }
            let key = text[..<equals]
            let value = String(text[text.index(after: equals)...])
            if key != "until" { isOfTimeOnly = false }
            switch key {
            case "reference": try add(pattern: value)
            case "dangling":
                guard let truth = ["true": true, "1": true, "false": false, "0": false][value.lowercased()] else {
                    throw Mistake(description: "filter dangling=\(value): true or false is wanted")
                }
                isDangling = truth
            case "label", "label!":
                let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                labels.append((parts[0], parts.count > 1 ? parts[1] : nil, key == "label"))
            case "before": before.append(try Self.created(value, store))
            case "since": since.append(try Self.created(value, store))
            case "until":
                guard let moment = Units.moment(value) else {
                    throw Mistake(description: "filter until=\(value): a time, or how long ago (24h) is wanted")
                }
                before.append(moment)
                until = min(until ?? moment, moment)
            default:
                throw Mistake(
                    description:
                        "filter \(text.debugDescription): known are reference, dangling, label, label!, before, since and until"
                )
            }
        }
    }

    /// Also what docker has as an argument: `REPOSITORY[:TAG]`, with wildcards.
    public mutating func add(pattern: String) throws(Mistake) {
        guard let parsed = NamePattern(pattern) else {
            throw Mistake(description: "filter reference=\(pattern): no pattern")
        }
        patterns.append(parsed)
    }

    private static func created(_ name: String, _ store: Store) throws(Mistake) -> Instant {
        do throws(StoreError) {
            let image = try store.present(store.find(name).image)
            guard let created = image.config.created.flatMap({ Instant($0) }) else {
                throw StoreError(.missing, "find image \(name): it does not say when it was made")
            }
            return created
        } catch {
            throw Mistake(description: error.description)
        }
    }

    public func matches(_ row: ImageRow) -> Bool {
        if !patterns.isEmpty {
            guard let name = row.name, patterns.contains(where: { $0.matches(name) }) else { return false }
        }
        if let isDangling, isDangling != row.entry.names.isEmpty { return false }
        let found = row.image?.config.execution.labels ?? [:]
        for (key, value, isWanted) in labels {
            let has = found[key].map { value == nil || $0 == value } ?? false
            guard has == isWanted else { return false }
        }
        guard !before.isEmpty || !since.isEmpty else { return true }
        guard let created = row.created else { return false }
        return before.allSatisfy { created < $0 } && since.allSatisfy { created > $0 }
    }
}
