/// A pattern for the sources of `COPY` and `ADD`: Go's `filepath.Match`, and `**` for any number of directories.
public struct Glob: Sendable {
    private let matcher: GlobMatcher

    /// - Parameter crossesDirectories: whether `**` is more than `*`, as it is with `--parents`.
    /// - Throws: when the pattern is malformed.
    public init(
        _ pattern: [UInt8], crossesDirectories: Bool, at location: SourceLocation
    ) throws(DockerfileError) {
        do {
            matcher = GlobMatcher(try GlobToken.tokens(of: pattern, readsDoubleStar: crossesDirectories))
        } catch {
            throw DockerfileError(error, at: location)
        }
    }

    /// Whether the pattern matches the whole path. A star matches no slash.
    public func matches(_ path: [UInt8]) -> Bool { matcher.matches(path) }

    /// Whether a source is a pattern at all: it has `*`, `?` or `[` that no backslash escapes.
    public static func isPattern(_ source: [UInt8]) -> Bool { wildcard(in: source) != nil }

    /// The directory that a pattern begins in, which has no wildcard, and the rest of the pattern.
    public static func split(_ source: [UInt8]) -> (directory: [UInt8], pattern: [UInt8]) {
        guard let wildcard = wildcard(in: source) else { return (source, []) }
        let start = source[..<wildcard].lastIndex(of: .slash).map { $0 + 1 } ?? 0
        return (Array(source[..<start]), Array(source[start...]))
    }

    private static func wildcard(in source: [UInt8]) -> Int? {
        var index = 0
        while index < source.count {
            switch source[index] {
            case .star, .questionMark, .openBracket: return index
            case .backslash: index += 2
            default: index += 1
            }
        }
        return nil
    }
}
