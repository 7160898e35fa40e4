/// A `.dockerignore` file, or the patterns of `--exclude`: what of a tree is left out.
///
/// The rules are those of moby/patternmatcher: later patterns win, `!` takes back, a pattern that matches a directory
/// matches all below it, and paths are relative to the tree, separated by slashes.
public struct IgnoreFile: Sendable {
    private let patterns: [IgnorePattern]

    /// - Parameters:
    ///   - bytes: a pattern a line. Lines that begin with `#` and blank ones are passed over.
    ///   - name: of the file, for messages.
    /// - Throws: when a pattern is malformed.
    public static func parse(_ bytes: [UInt8], name: String) throws(DockerfileError) -> IgnoreFile {
        var reader = LineReader(bytes)
        var patterns: [IgnorePattern] = []
        while let line = reader.next() {
            guard line.first != .hash else { continue }
            let text = line.trimmed
            guard !text.isEmpty else { continue }
            do {
                patterns.append(try IgnorePattern(relative(Array(text))))
            } catch {
                throw DockerfileError(
                    error, at: SourceLocation(file: name, firstLine: reader.number, lastLine: reader.number))
            }
        }
        return IgnoreFile(patterns: patterns)
    }

    /// The patterns of flags like `--exclude`, which are taken as they are.
    ///
    /// - Throws: when a pattern is malformed.
    public init(patterns: [[UInt8]], at location: SourceLocation) throws(DockerfileError) {
        var parsed: [IgnorePattern] = []
        do {
            for pattern in patterns where !pattern.trimmed.isEmpty {
                parsed.append(try IgnorePattern(pattern.trimmed))
            }
        } catch {
            throw DockerfileError(error, at: location)
        }
        self.init(patterns: parsed)
    }

    private init(patterns: [IgnorePattern]) { self.patterns = patterns }

    /// The pattern with a slash at its front removed, also behind `!`.
    private static func relative(_ line: [UInt8]) -> [UInt8] {
        let isException = line.first == .exclamationMark
        var pattern = isException ? Array(line.dropFirst()).trimmed : line
        if !pattern.isEmpty {
            pattern = CleanPath.clean(pattern)
            if pattern.count > 1, pattern[0] == .slash { pattern.removeFirst() }
        }
        return isException ? [.exclamationMark] + pattern : pattern
    }

    public var isEmpty: Bool { patterns.isEmpty }

    /// Whether any pattern takes back what others match.
    public var hasExceptions: Bool { patterns.contains(where: \.isException) }

    /// Whether a pattern leaves out everything there is.
    var matchesEverything: Bool {
        patterns.contains { !$0.isException && ($0.text == "*" || $0.text == "**" || $0.text == "**/*") }
    }

    /// Whether a path is left out, by itself or by a directory above it.
    public func ignores(_ path: [UInt8]) -> Bool {
        var isIgnored = false
        for pattern in patterns where pattern.isException == isIgnored {
            if pattern.matches(path) || Self.parents(of: path).contains(where: pattern.matches) {
                isIgnored = !pattern.isException
            }
        }
        return isIgnored
    }

    /// The directories above a path, outermost first.
    private static func parents(of path: [UInt8]) -> [[UInt8]] {
        path.indices.filter { path[$0] == .slash && $0 > 0 }.map { Array(path[..<$0]) }
    }

    /// Which patterns matched a directory: what is below it need not be asked again.
    public struct Matches: Sendable {
        fileprivate var matched: [Bool] = []

        /// For what stands at the top of the tree.
        public static let none = Matches()
    }

    /// The same as ``ignores(_:)`` for a walk, which knows what its directory matched.
    ///
    /// BuildKit's own walk does not ask a pattern that could change nothing for the directory, and so loses `!DIRECTORY`
    /// behind `DIRECTORY/NAME`; here the last pattern that matches decides, as is documented.
    ///
    /// - Returns: whether the path is left out, and what to give for the paths below it.
    public func ignores(_ path: [UInt8], below directory: Matches) -> (isIgnored: Bool, matches: Matches) {
        var isIgnored = false
        var matches = Matches(matched: [Bool](repeating: false, count: patterns.count))
        for (index, pattern) in patterns.enumerated() {
            let isBelowMatch = index < directory.matched.count && directory.matched[index]
            guard isBelowMatch || pattern.matches(path) else { continue }
            matches.matched[index] = true
            isIgnored = !pattern.isException
        }
        return (isIgnored, matches)
    }

    /// Whether a directory that is left out can still hold something that is not.
    public func mayKeep(below directory: [UInt8]) -> Bool {
        patterns.contains { $0.isException && $0.canMatch(below: directory) }
    }
}
