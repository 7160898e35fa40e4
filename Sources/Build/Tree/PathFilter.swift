import Dockerfile

/// Ignore rules during a walk: which paths below some directory are left out.
struct PathFilter {
    private let rules: IgnoreFile
    /// What the directory that the walk begins in has matched.
    let start: State
    /// Whether that directory itself is left out.
    let startIsIgnored: Bool

    struct State {
        fileprivate var path: [UInt8]
        fileprivate var matches: IgnoreFile.Matches
    }

    /// - Parameter start: where the walk begins, from where the rules count.
    init(_ rules: IgnoreFile, start: [UInt8] = []) {
        self.rules = rules
        var state = State(path: [], matches: .none)
        var isIgnored = false
        for name in start.pathNames {
            let path = state.path.joined(name)
            let (ignored, matches) = rules.ignores(path, below: state.matches)
            state = State(path: path, matches: matches)
            isIgnored = ignored
        }
        self.start = state
        startIsIgnored = isIgnored
    }

    /// - Parameter directory: the state of the directory that holds the name.
    func ignores(_ name: [UInt8], in directory: State) -> (isIgnored: Bool, state: State) {
        let path = directory.path.joined(name)
        let (isIgnored, matches) = rules.ignores(path, below: directory.matches)
        return (isIgnored, State(path: path, matches: matches))
    }

    func mayKeep(below directory: State) -> Bool { rules.mayKeep(below: directory.path) }

    /// Leaves out all but what one pattern matches, and what is below that.
    static func keeping(_ pattern: [UInt8], at location: SourceLocation) throws(DockerfileError) -> PathFilter {
        PathFilter(try IgnoreFile(patterns: [Array("**".utf8), Array("!".utf8) + pattern], at: location))
    }
}
