import Dockerfile
import Linux
import OCI

/// A source of `COPY`: the names before the first with a wildcard are a path, those from there on a pattern, in which a
/// star matches no slash (Go's `filepath.Match`).
struct SourcePattern {
    private let directory: [UInt8]
    private let globs: [Glob]

    init(_ source: [UInt8], at location: SourceLocation) throws(BuildError) {
        let names = CleanPath.clean([.slash] + source).pathNames
        let first = names.firstIndex(where: Glob.isPattern) ?? names.count
        directory = names[..<first].map(\.self).path
        var globs: [Glob] = []
        do throws(DockerfileError) {
            for name in names[first...] {
                globs.append(try Glob(name, crossesDirectories: false, at: location))
            }
        } catch {
            throw BuildError("\(error.message): \"\(displayed(source))\"", at: error.location)
        }
        self.globs = globs
    }

    /// - Returns: paths in the tree in the order of their names; with a pattern also the part that it matched.
    func paths(in tree: SourceTree) throws(BuildError) -> [(path: [UInt8], matched: [UInt8]?)] {
        if globs.isEmpty { return [(directory, nil)] }
        let start = try naming("read", directory) { () throws(Errno) in
            try RootedPath.resolve(directory, in: tree.root)
        }
        let chain = DirectoryChain(tree.root)
        do throws(Errno) { _ = try chain.directory(start) } catch {
            // Where to look must be there, whether or not there is something to find.
            if error == .noEntry { throw BuildError("lstat /\(displayed(directory)): no such file or directory") }
            guard error == .notDirectory else { throw BuildError("read", directory, error) }
        }
        var matched: [[UInt8]] = [[]]
        for glob in globs {
            var next: [[UInt8]] = []
            for path in matched {
                let names = try list(start + path.pathNames, chain)
                next += names.filter { glob.matches($0) }.map { path.joined($0) }
            }
            matched = next
            guard matched.count < 1 << 24 else { throw BuildError("expand the pattern: it matches too much") }
        }
        return matched.map { (path: directory.joined($0), matched: $0) }
    }

    /// Nothing for what is no directory; links are not followed here.
    private func list(_ names: [[UInt8]], _ chain: DirectoryChain) throws(BuildError) -> [[UInt8]] {
        do throws(Errno) {
            return try chain.directory(names).names()
        } catch {
            if error == .noEntry || error == .notDirectory || error == .loop { return [] }
            throw BuildError("list", names.path, error)
        }
    }
}
