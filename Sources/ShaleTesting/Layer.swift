/// A literal description of one directory of a stack, or of what is in it.
///
/// ```swift
/// let stack = try Stack(lowers: [
///     ["etc": ["passwd": "root:x:0:0", "link": .symlink("passwd"), "gone": .whiteout]],
///     ["etc": ["gone": "below", "dir": .opaque(["x": "1"])]],
/// ])
/// ```
public indirect enum Item: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    case file(_ content: [UInt8], mode: UInt32 = 0o644, attributes: [String: [UInt8]] = [:])
    case directory(_ entries: [Named], mode: UInt32 = 0o755, attributes: [String: [UInt8]] = [:])
    /// A directory that hides what lies below it.
    case opaqueDirectory(_ entries: [Named])
    case symlink(_ target: String)
    /// Another name of a file of the same layer, by its path from the layer's root.
    case link(_ path: String)
    case fifo
    /// A character device 0/0: nothing of that name shows.
    case whiteout

    /// A name and what has it, in the order they are made.
    public struct Named: Sendable {
        public let name: [UInt8]
        public let item: Item

        public init(_ name: [UInt8], _ item: Item) {
            self.name = name
            self.item = item
        }
    }

    public init(stringLiteral text: String) { self = .file(Array(text.utf8)) }

    public init(dictionaryLiteral entries: (String, Item)...) {
        self = .directory(entries.map { Named(Array($0.utf8), $1) })
    }

    public static func opaque(_ directory: Item) -> Item {
        if case .directory(let entries, _, _) = directory { return .opaqueDirectory(entries) }
        return directory
    }
}
