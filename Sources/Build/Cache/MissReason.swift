import OCI

/// Why a step is not in the cache, by its key and one of an earlier build.
public struct MissReason: Equatable, Sendable, CustomStringConvertible {
    /// The names of the parts that are different, missing or new, in the order of the key.
    public let changed: [String]

    /// - Parameter earlier: the key of the step that was at this place; nil when none was.
    public init(_ key: CacheKey, comparedTo earlier: CacheKey?) {
        guard let earlier else {
            changed = []
            return
        }
        let before = Dictionary(earlier.parts.map { ($0.name, $0.value) }) { first, _ in first }
        let now = Set(key.parts.map(\.name))
        changed =
            key.parts.filter { before[$0.name] != $0.value }.map(\.name)
            + earlier.parts.map(\.name).filter { !now.contains($0) }
    }

    /// How many inputs are the same and how many are not: the earlier step with the smallest is the one to compare with.
    public var distance: Int { changed.count }

    public var description: String {
        guard let first = changed.first else { return "not built before" }
        // What it is built on explains nothing new: the step before has said why.
        if changed == ["base"] { return "the step before it changed" }
        let rest = changed.count - 1
        return "\(printable(first)) changed" + (rest == 0 ? "" : " and \(rest) more")
    }
}
