/// Bytes of an image that could be saved, and why. Every byte of a file counts once, for the first reason that holds.
public struct Reclaimable: Sendable {
    public enum Reason: String, CaseIterable, Sendable {
        /// A later layer deletes it.
        case deletedLater
        /// A later layer has other content under its name.
        case replacedLater
        /// A later layer has it again, with another owner or mode.
        case metadataChanged
        /// A later layer has it again, with nothing changed but perhaps times.
        case repeated
        /// The same layer has the name again, or no name shows it.
        case unreachable
        /// What a package manager keeps for the next time, of which an image has none.
        case packageCache
        /// The same content is seen under another path.
        case duplicate

        /// In words.
        public var title: String {
            switch self {
            case .deletedLater: return "deleted by a later layer"
            case .replacedLater: return "replaced by a later layer"
            case .metadataChanged: return "copied to change owner or mode"
            case .repeated: return "copied without any change"
            case .unreachable: return "unreachable data"
            case .packageCache: return "package caches"
            case .duplicate: return "the same content under several paths"
            }
        }
    }

    /// Files that go together: of one layer, for one reason, by one later layer.
    public struct Item: Sendable {
        public let reason: Reason
        /// What is common to their paths; a file's own path where there is one.
        public let path: [UInt8]
        public let bytes: Int64
        public let files: Int
        /// The layer that holds the bytes, from 0.
        public let layer: Int
        /// The later layer that made them useless; nil where none did.
        public let by: Int?
        /// What changed, which cache it is, or where the content is seen too.
        public let detail: String
        /// The largest of the files, at most ``mostExamples``.
        public let examples: [(path: [UInt8], bytes: Int64)]

        static let mostExamples = 50
    }

    /// The largest first.
    public let items: [Item]
    /// Bytes of all files of all layers.
    public let total: Int64

    /// All that could be saved.
    public let bytes: Int64
    private let sums: [Reason: Int64]

    init(_ items: [Item], total: Int64) {
        self.items = items
        self.total = total
        var sums: [Reason: Int64] = [:]
        for item in items { sums[item.reason, default: 0] &+= item.bytes }
        self.sums = sums
        bytes = sums.values.reduce(0, &+)
    }

    public func bytes(_ reason: Reason) -> Int64 { sums[reason] ?? 0 }

    /// The part of an image's bytes that is needed; 1 for an image without files.
    public var efficiency: Double { total == 0 ? 1 : 1 - Double(bytes) / Double(total) }
}
